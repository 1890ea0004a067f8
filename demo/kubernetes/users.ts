/**
 * Users that a cluster without containers doesn't have: they are dealt among the pods by the split that the route has in
 * force, and a Prometheus tells how they fared. Which release treats them badly is the demo's secret.
 */

import type { AdminClient } from '../../test/cluster/admin-client.ts';
import { EVALUATED_AT, samplesOf, startFakePrometheus } from '../../test/rigs/fake-prometheus.ts';
import { createPlayedTraffic } from '../../test/rigs/played-traffic.ts';

export interface Users {
  /** Address of the Prometheus. */
  readonly prometheus: string;
  /** What they have seen until now: of one release, or of all. */
  seen(release?: number): Fared;
  close(): Promise<void>;
}

export interface Fared {
  readonly requests: number;
  readonly errors: number;
}

export interface UsersOptions {
  readonly admin: AdminClient;
  readonly namespace: string;
  readonly key: string;
  /** Per second. */
  readonly rate: number;
  /** Share of its requests that this release answers with an error. */
  readonly errorsOf: (release: number) => number;
}

export async function playUsers({ admin, namespace, key, rate, errorsOf }: UsersOptions): Promise<Users> {
  const traffic = createPlayedTraffic({
    admin,
    namespace,
    key,
    traffic: 'gateway-api',
    seed: 7,
    behaviourOf: (release) => ({ errors: errorsOf(release), traps: 0 }),
  });
  traffic.setRate(rate);
  const prometheus = await startFakePrometheus();
  prometheus.answer = (response) => {
    const pods = traffic.rows().map(({ release, replica, requests, errors }) => ({
      release,
      pod: replica,
      ok: requests - errors,
      error: errors,
    }));
    const result = samplesOf(pods).map(([metric, value]) => ({ metric, value: [EVALUATED_AT, value] }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  };
  return {
    prometheus: prometheus.url,
    seen(release) {
      const own = traffic.rows().filter((row) => release === undefined || row.release === release);
      return {
        requests: own.reduce((sum, { requests }) => sum + requests, 0),
        errors: own.reduce((sum, { errors }) => sum + errors, 0),
      };
    },
    async close() {
      traffic.close();
      await prometheus.close();
    },
  };
}
