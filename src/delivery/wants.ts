/**
 * What the world should be like in a state: a function of phase and readiness alone, computed anew every time, never an
 * accumulated side effect (design.md section 4.2).
 */

import type { Effect, RouteEffect } from './effect.ts';
import type { EnvironmentState, Rollout, Shares } from './engine-state.ts';
import type { Observation } from './observation.ts';
import { sameShares } from './shares.ts';
import { plannedSteps, replicasFor, weightAt } from './steps.ts';
import { activeRollout } from './turn.ts';
import { gatesEffects } from './wanted-gates.ts';

/** A route that is not seen in force after this long is commanded again, then after twice as long, and so on. */
const REPEAT_ROUTE_AFTER = 5000;
const LONGEST_REPEAT = 30_000;

/** The split that should be in force now. */
export function wantedShares(state: EnvironmentState, observation: Observation): Shares {
  if (state.removed) return {};
  const rollout = activeRollout(state);
  if (rollout === null) return state.stable === null ? {} : { [state.stable]: 1 };
  const weight = wantedWeight(state, rollout, observation);
  if (rollout.stable === null || rollout.stable === rollout.candidate) {
    return weight > 0 ? { [rollout.candidate]: 1 } : {};
  }
  if (weight === 0) return { [rollout.stable]: 1 };
  if (weight === 1) return { [rollout.candidate]: 1 };
  return { [rollout.stable]: 1 - weight, [rollout.candidate]: weight };
}

/**
 * The highest weight of the plan, up to the present step, that the ready candidate replicas can carry (invariant I2). A
 * first deployment that is exposed stays so while one replica is ready: there is nothing else to send requests to.
 */
function wantedWeight(state: EnvironmentState, rollout: Rollout, observation: Observation): number {
  const ready = observation.releases[rollout.candidate]?.ready ?? 0;
  const exposed = (observation.traffic ?? state.commanded?.shares ?? {})[rollout.candidate] === 1;
  if (rollout.stable === null && exposed && ready > 0) return 1;
  const direct = rollout.stable === null || rollout.kind === 'rollback';
  const steps = plannedSteps(rollout);
  for (let index = rollout.step; index >= 0; index -= 1) {
    const weight = weightAt(steps, index);
    const need = replicasFor(weight, state.spec.replicas);
    if (need <= ready) return weight;
    if (direct) return 0;
    const carries = (observation.traffic?.[rollout.candidate] ?? 0) >= weight;
    if (carries && rollout.carried?.weight === weight && rollout.carried.replicas <= ready) return weight;
  }
  return 0;
}

/** How many replicas of each release should run; a release that is not named should not run at all. */
export function wantedReplicas(state: EnvironmentState, now: number): Readonly<Record<number, number>> {
  if (state.removed) return {};
  const wanted: Record<number, number> = {};
  const full = state.spec.replicas;
  for (const { release, fullUntil } of state.kept) wanted[release] = now < fullUntil ? full : Math.min(1, full);
  if (state.stable !== null) wanted[state.stable] = full;
  const rollout = activeRollout(state);
  if (rollout !== null) {
    const weight = weightAt(plannedSteps(rollout), rollout.step);
    wanted[rollout.candidate] = Math.max(wanted[rollout.candidate] ?? 0, replicasFor(weight, full));
  }
  return wanted;
}

/** Whether exactly these shares are what requests get now. */
export function inForce(observation: Observation, shares: Shares): boolean {
  return observation.traffic !== null && sameShares(observation.traffic, shares);
}

/** The effects that bring the observed world to the wanted one. The route comes first: it is what users feel. */
export function wantedEffects(state: EnvironmentState, observation: Observation, now: number): readonly Effect[] {
  const shares = wantedShares(state, observation);
  const wanted = { observation, shares, now };
  return [...routeEffects(state, wanted), ...scaleEffects(state, wanted), ...gatesEffects(state, observation, now)];
}

interface Wanted {
  readonly observation: Observation;
  readonly shares: Shares;
  readonly now: number;
}

function routeEffects(state: EnvironmentState, { observation, shares, now }: Wanted): readonly RouteEffect[] {
  const { commanded } = state;
  const nothing = Object.keys(shares).length === 0;
  if (commanded === null) {
    // What is in force proves nothing after a crash: a split commanded before it may yet come. So it is said again.
    if (nothing && (observation.traffic === null || inForce(observation, shares))) return [];
  } else if (sameShares(commanded.shares, shares)) {
    if (observation.traffic === null || inForce(observation, shares)) return [];
    const patience = Math.min(LONGEST_REPEAT, REPEAT_ROUTE_AFTER * 2 ** (commanded.repeats ?? 0));
    if (now - commanded.at < patience) return [];
  }
  const rollout = activeRollout(state);
  return [
    { kind: 'route', shares, rollout: rollout?.id ?? null, affinity: state.spec.affinity, match: null, mirror: null },
  ];
}

/** What is remembered of a split when it is commanded. */
export function commandedNow(state: EnvironmentState, shares: Shares, now: number): EnvironmentState['commanded'] {
  const { commanded } = state;
  const again = commanded !== null && sameShares(commanded.shares, shares);
  return again ? { shares, at: now, repeats: (commanded.repeats ?? 0) + 1 } : { shares, at: now };
}

function scaleEffects(state: EnvironmentState, { observation, shares, now }: Wanted): readonly Effect[] {
  const wanted = wantedReplicas(state, now);
  const settled = inForce(observation, shares);
  const numbers = new Set([...Object.keys(wanted), ...Object.keys(observation.releases)].map(Number));
  const effects: Effect[] = [];
  for (const release of [...numbers].sort((a, b) => a - b)) {
    const want = wanted[release] ?? 0;
    const desired = observation.releases[release]?.desired ?? 0;
    // Capacity is taken away only once the split that does without it is seen in force.
    if (want > desired || (want < desired && settled)) effects.push({ kind: 'scale', release, replicas: want });
  }
  return effects;
}
