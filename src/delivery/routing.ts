/** The route that should be in force, and when it has to be commanded (again). */

import { achievedShares } from './coarse-routing.ts';
import type { RouteEffect } from './effect.ts';
import type { EnvironmentState, Rollout, Shares } from './engine-state.ts';
import type { Observation } from './observation.ts';
import { type Routing, sameRouting, sameShares } from './shares.ts';
import { mirrorAt } from './sizes.ts';
import { plannedSteps, replicasFor } from './steps.ts';
import { approvedRollout } from './turn.ts';

/** A route that is not seen in force after this long is commanded again, then after twice as long, and so on. */
const REPEAT_ROUTE_AFTER = 5000;
const LONGEST_REPEAT = 30_000;

/** Whether these shares, or what they come to by the replicas, are what requests get now. */
export function inForce({ spec }: EnvironmentState, observation: Observation, shares: Shares): boolean {
  const { traffic } = observation;
  return traffic !== null && sameShares(traffic, achievedShares(spec, shares, observation));
}

export function routeEffects(
  state: EnvironmentState,
  { observation, shares, now }: { observation: Observation; shares: Shares; now: number },
): readonly RouteEffect[] {
  const { commanded } = state;
  const route = wantedRoute(state, observation, shares);
  const seen = inForce(state, observation, shares);
  if (commanded === null) {
    // What is in force proves nothing after a crash: a split commanded before it may yet come. So it is said again.
    if (Object.keys(shares).length === 0 && (observation.traffic === null || seen)) return [];
  } else if (sameRouting(commanded, route)) {
    if (observation.traffic === null || seen) return [];
    const patience = Math.min(LONGEST_REPEAT, REPEAT_ROUTE_AFTER * 2 ** (commanded.repeats ?? 0));
    if (now - commanded.at < patience) return [];
  }
  return [route];
}

function wantedRoute(state: EnvironmentState, observation: Observation, shares: Shares): RouteEffect {
  const rollout = approvedRollout(state);
  const compared = rollout?.kind === 'deploy' && rollout.stable !== null ? rollout : null;
  const ready = compared === null ? 0 : (observation.releases[compared.candidate]?.ready ?? 0);
  // As long as two releases share the requests keys stay where they are: also what is left of an ended rollout.
  const split = Object.keys(shares).length > 1 ? state.rollout : null;
  return {
    kind: 'route',
    shares,
    rollout: (rollout ?? split)?.id ?? null,
    affinity: state.spec.affinity,
    match: compared === null || ready === 0 ? null : matchOf(compared),
    mirror: compared === null ? null : mirrorOf(compared, { ready, replicas: state.spec.replicas }),
  };
}

function matchOf({ plan, candidate }: Rollout): RouteEffect['match'] {
  return plan.kind === 'canary' && plan.match !== null ? { headers: plan.match.headers, release: candidate } : null;
}

/** Copies are sent once as many replicas are ready as they need: a candidate that drowns in them proves nothing. */
function mirrorOf(rollout: Rollout, { ready, replicas }: { ready: number; replicas: number }): RouteEffect['mirror'] {
  const share = mirrorAt(plannedSteps(rollout), rollout.step);
  const carries = share > 0 && ready > 0 && ready >= replicasFor(share, replicas);
  return carries ? { release: rollout.candidate, share } : null;
}

/** What is remembered of a route when it is commanded. */
export function commandedNow(state: EnvironmentState, route: Routing, now: number): EnvironmentState['commanded'] {
  const { commanded } = state;
  const { shares, match = null, mirror = null } = route;
  const next = { shares, at: now, ...(match === null ? {} : { match }), ...(mirror === null ? {} : { mirror }) };
  const again = commanded !== null && sameRouting(commanded, route);
  return again ? { ...next, repeats: (commanded.repeats ?? 0) + 1 } : next;
}
