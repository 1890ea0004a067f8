/** What the router's state says, in the words of the supervisor and of the rollout engine. */

import type { CounterRow, ReleaseStatus } from '../../delivery/index.ts';
import type { EnvironmentTraffic, ReplicaTraffic, RouterState } from './router/router-config.ts';
import type { RoutingPush } from './routing-push.ts';
import type { ReplicaTrafficView } from './supervisor/release-supervisor.ts';

/** `state` null: the router does not answer, so nothing is known to be idle. */
export function trafficViewOf(state: RouterState | null, routing: RoutingPush): ReplicaTrafficView {
  const rows = new Map<string, ReplicaTraffic>();
  for (const { rows: of } of Object.values(state?.environments ?? {})) for (const row of of) rows.set(row.replica, row);
  return {
    routed: (id) => state === null || routing.routed(id, state.version),
    inFlight: (id) => (state === null ? null : (rows.get(id)?.inFlight ?? 0)),
    suspect: (id) => rows.get(id)?.suspect ?? false,
  };
}

export function countersOf({ rows }: EnvironmentTraffic): readonly CounterRow[] {
  return rows.map(({ inFlight: _inFlight, suspect: _suspect, ...row }) => row);
}

type Status = Omit<ReleaseStatus, 'inFlight'>;

export function withInFlight(
  statuses: Readonly<Record<number, Status>>,
  traffic: EnvironmentTraffic | null,
): Readonly<Record<number, ReleaseStatus>> {
  return Object.fromEntries(
    Object.entries(statuses).map(([name, status]) => {
      const rows = traffic?.rows.filter(({ release }) => release === Number(name)) ?? [];
      return [name, { ...status, inFlight: rows.reduce((sum, { inFlight }) => sum + inFlight, 0) }];
    }),
  );
}
