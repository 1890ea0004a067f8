/** What the router's state says, in the words of the supervisor and of the rollout engine. */

import type { ReleaseStatus } from '../../delivery/index.ts';
import type { EnvironmentTraffic, ReplicaTraffic, RouterState } from './router/router-config.ts';
import type { RoutingPush } from './routing-push.ts';
import type { ReplicaTrafficView } from './supervisor/release-supervisor.ts';

/** `state` null: the router does not answer, so nothing is known to be idle. */
export function trafficViewOf(state: RouterState | null, routing: RoutingPush): ReplicaTrafficView {
  const known = new Map<string, ReplicaTraffic>();
  for (const { replicas } of Object.values(state?.environments ?? {})) {
    for (const replica of replicas) known.set(replica.replica, replica);
  }
  return {
    routed: (id) => state === null || routing.routed(id, state.version),
    inFlight: (id) => (state === null ? null : (known.get(id)?.inFlight ?? 0)),
    suspect: (id) => known.get(id)?.suspect ?? false,
  };
}

type Status = Omit<ReleaseStatus, 'inFlight'>;

export function withInFlight(
  statuses: Readonly<Record<number, Status>>,
  traffic: EnvironmentTraffic | null,
): Readonly<Record<number, ReleaseStatus>> {
  return Object.fromEntries(
    Object.entries(statuses).map(([name, status]) => {
      const replicas = traffic?.replicas.filter(({ release }) => release === Number(name)) ?? [];
      return [name, { ...status, inFlight: replicas.reduce((sum, { inFlight }) => sum + inFlight, 0) }];
    }),
  );
}
