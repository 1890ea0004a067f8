/** Ourselves, measured as the peers are: a real agent in a process of its own, a VirtualService, our Prometheus source. */

import type { CanaryPlan, EnvironmentSpec, KubernetesSpec } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { environmentName, LABELS } from '../../src/platforms/kubernetes/names.ts';
import type { AdminClient } from '../../test/cluster/admin-client.ts';
import { createAgentRig, KEY } from '../../test/rigs/agent-rig.ts';
import { PLAN, SPEC } from '../../test/rigs/engine-rig.ts';
import { EVALUATED_AT, samplesOf } from '../../test/rigs/fake-prometheus.ts';
import { createSight, isReady } from './live-objects.ts';
import { playUsers, type Tally } from './played-users.ts';

export interface SlipwayOptions {
  readonly client: AdminClient;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly replicas: number;
}

export interface SlipwayFigures {
  /** Asked → the route names only the release before, and all its pods are ready. */
  readonly rollback: readonly number[];
  /** The candidate gets requests → it gets none any more. */
  readonly badFromTheStart: readonly number[];
  /** It turns bad → it gets no requests any more. */
  readonly turnsBad: readonly number[];
}

const SERIES = { requests: 'slipway_requests_total', latency: 'slipway_request_duration_seconds' };
const JUDGED: CanaryPlan = {
  ...PLAN,
  keep: 600_000,
  steps: [
    { kind: 'weight', weight: 0.2 },
    { kind: 'pause', duration: 60_000 },
    { kind: 'weight', weight: 1 },
  ],
};
const AT_ONCE: CanaryPlan = { ...JUDGED, steps: [{ kind: 'weight', weight: 1 }] };
/** Half of the bad release's answers are errors. */
const BAD = 0.5;

export async function measureSlipway(
  options: SlipwayOptions,
  rounds: { readonly rollback: number; readonly bad: number },
): Promise<SlipwayFigures> {
  const { client, kubeconfig, namespace, replicas } = options;
  const sight = createSight(client);
  const pods = sight.follow(`/api/v1/namespaces/${namespace}/pods`);
  const routes = sight.follow(`/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`);
  const users = await playUsers((_, tallies) => samplesOfTallies(tallies));
  await using rig = createAgentRig();
  await rig.start();

  const shares = (): Readonly<Record<string, number>> => sharesIn(routes.objects()[0]);
  const readyOf = (release: number): number =>
    pods.objects().filter((pod) => isReady(pod) && pod.metadata.labels?.[LABELS.release] === String(release)).length;
  const deploy = async (version: string, plan: CanaryPlan): Promise<void> => {
    const [service = '', environment = ''] = KEY.split('/');
    const kubernetes = kubernetesSpec(namespace, users.url);
    const spec: EnvironmentSpec = { ...SPEC, replicas, strategy: plan, keep: 2, kubernetes };
    await rig.client.deploy({
      service,
      environment,
      image: sha256('image'),
      config: { VERSION: version },
      secrets: {},
      needs: [],
      revision: null,
      spec,
      cluster: { kubeconfig, context: null, namespace },
    });
  };
  const candidate = (): number => rig.view().now?.candidate ?? 0;
  users.watch(shares);

  /** Deploys a release that is bad, and says how long after `after` (or from the first request on) it had requests. */
  const bad = async (version: string, number: number, after: number | null): Promise<number> => {
    await deploy(version, JUDGED);
    const release = String(candidate());
    if (after === null) users.fail(release, BAD);
    let from = await sight.when('requests to the candidate', () => (shares()[release] ?? 0) > 0);
    if (after !== null) {
      await systemClock.sleep(after);
      users.fail(release, BAD);
      from = performance.now();
    }
    const taken = (await sight.when('the candidate without requests', () => (shares()[release] ?? 0) === 0)) - from;
    await rig.ended(number);
    return taken;
  };
  try {
    let number = 1;
    await deploy('first', AT_ONCE);
    await rig.ended(number);
    const rollback: number[] = [];
    for (let round = 0; round < rounds.rollback; round += 1) {
      await deploy(`new ${round}`, AT_ONCE);
      await rig.ended((number += 1));
      const before = Number(Object.keys(shares())[0]);
      const from = performance.now();
      await rig.client.command(KEY, { kind: 'rollback', to: null });
      const back = (): boolean => {
        const [only, ...others] = Object.keys(shares()).map(Number);
        return only !== undefined && only !== before && others.length === 0 && readyOf(only) === replicas;
      };
      rollback.push((await sight.when('the release before', back)) - from);
      await rig.ended((number += 1));
    }
    const badFromTheStart: number[] = [];
    const turnsBad: number[] = [];
    for (let round = 0; round < rounds.bad; round += 1) {
      badFromTheStart.push(await bad(`bad ${round}`, (number += 1), null));
      turnsBad.push(await bad(`late ${round}`, (number += 1), 1000));
    }
    return { rollback, badFromTheStart, turnsBad };
  } finally {
    sight.close();
    users.close();
  }
}

function kubernetesSpec(namespace: string, prometheus: string): KubernetesSpec {
  return {
    namespace,
    traffic: 'istio',
    gateway: null,
    hosts: [],
    runtimeClass: null,
    repository: 'registry.test/greeter',
    pullSecret: null,
    resources: { cpu: null, memory: null },
    prometheus: { url: prometheus, series: SERIES, labels: { release: 'slipway_release', pod: 'pod' } },
  };
}

function sharesIn(route: object | undefined): Readonly<Record<string, number>> {
  const { spec } = (route ?? { spec: {} }) as {
    spec: { http?: readonly { route?: readonly { destination: { subset: string }; weight: number }[] }[] };
  };
  const destinations = spec.http?.at(-1)?.route ?? [];
  return Object.fromEntries(
    destinations.map(({ destination, weight }) => [destination.subset.replace('release-', ''), weight / 100]),
  );
}

function samplesOfTallies(tallies: ReadonlyMap<string, Tally>): readonly object[] {
  const pods = [...tallies].map(([release, { requests, errors }]) => {
    const error = Math.floor(errors);
    return {
      release: Number(release),
      pod: `${environmentName(KEY)}-${release}`,
      ok: Math.floor(requests) - error,
      error,
    };
  });
  return samplesOf(pods).map(([metric, value]) => ({ metric, value: [EVALUATED_AT, value] }));
}
