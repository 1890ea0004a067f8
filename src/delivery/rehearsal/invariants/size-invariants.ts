/** I3 of facts/rollouts.md section 10.2: what stays at full size. */

import type { Strategy } from '../../environment-spec.ts';
import { keepOf } from '../../steps.ts';
import type { Invariant } from './instant.ts';
import { createRolloutLog } from './rollout-log.ts';

/**
 * I3: in a canary the stable release stays at full size until the candidate is promoted and then for max(`keep`,
 * `guard`). Judged by the replicas that the platform is told to run: how many are ready is up to it.
 */
export function stableStaysFull(serving: number | null): Invariant {
  const read = createRolloutLog(serving);
  const keeps = new Map<number, number>();
  let plan: Strategy | null = null;
  return {
    name: 'I3',
    check(instant) {
      const { at, state, observation } = instant;
      const { ended, open, removed } = read(instant);
      if (removed) keeps.clear();
      for (const { started, end } of ended) {
        if (end.stable === null) continue;
        const promoted = end.outcome === 'promoted' || end.outcome === 'promotedByHand';
        const own = state.rollout?.id === end.rollout ? state.rollout.plan : plan;
        if (promoted) keeps.set(end.stable, at + Math.max(own === null ? 0 : keepOf(own), state.spec.guard));
        // What was rolled back from is withdrawn: nothing asks for its full size any more.
        if (started?.kind === 'rollback' && end.outcome === 'rolledBack') keeps.delete(end.stable);
      }
      plan = state.rollout?.plan ?? null;
      const full = [
        ...open.flatMap(({ stable }) => (stable === null ? [] : [stable])),
        ...[...keeps].flatMap(([release, until]) => (at < until ? [release] : [])),
      ];
      for (const release of full) {
        const desired = observation.releases[release]?.desired ?? 0;
        if (desired < state.spec.replicas) {
          return `#${release} should stay at full size and has ${desired} of ${state.spec.replicas} replicas`;
        }
      }
      return null;
    },
  };
}
