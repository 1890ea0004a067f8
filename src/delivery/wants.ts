/**
 * What the world should be like in a state: a function of phase and readiness alone, computed anew every time, never an
 * accumulated side effect (design.md section 4.2).
 */

import { excessOf } from './coarse-routing.ts';
import type { Effect } from './effect.ts';
import type { EnvironmentState, Rollout, Shares } from './engine-state.ts';
import { guardOf } from './guard.ts';
import type { Observation } from './observation.ts';
import { rolledReleases, rollingPlan, rollReplicas, rollShares } from './rolling.ts';
import { inForce, routeEffects } from './routing.ts';
import { candidateReplicas, isGradual } from './sizes.ts';
import { plannedSteps, replicasFor, weightAt } from './steps.ts';
import { approvedRollout } from './turn.ts';
import { gatesEffects } from './wanted-gates.ts';
import { carriedShares, keptReplicas, leavingReplicas } from './withdrawing.ts';

export { commandedNow, inForce } from './routing.ts';

/** The split that should be in force now. */
export function wantedShares(state: EnvironmentState, observation: Observation): Shares {
  if (state.removed) return {};
  const plan = rollingPlan(state);
  const shares = plan === null ? steppedShares(state, observation) : rollShares(state, plan, observation);
  return withControl(state, observation, shares);
}

/** What is not the candidate's, nor still carried by what leaves, is the stable release's. */
function steppedShares(state: EnvironmentState, observation: Observation): Shares {
  const { stable } = state;
  const rollout = approvedRollout(state);
  const weight = rollout === null ? 0 : wantedWeight(state, rollout, observation);
  const own: Record<number, number> = rollout === null || weight === 0 ? {} : { [rollout.candidate]: weight };
  if (stable === null || stable === rollout?.candidate) {
    return weight > 0 && rollout !== null ? { [rollout.candidate]: 1 } : {};
  }
  if (weight === 1) return own;
  const carried = carriedShares(state, observation, 1 - weight);
  const rest = 1 - weight - Object.values(carried).reduce((sum, share) => sum + share, 0);
  return { ...own, ...carried, ...(rest > SMALLEST ? { [stable]: rest } : {}) };
}

/** A share below this is what is left of rounding. */
const SMALLEST = 1e-9;

/** During the guard the release before gets its small share, so far as its ready replicas can carry it. */
function withControl(state: EnvironmentState, observation: Observation, shares: Shares): Shares {
  const guard = guardOf(state);
  if (guard === null || guard.share === 0 || shares[guard.candidate] !== 1) return shares;
  const ready = observation.releases[guard.control]?.ready ?? 0;
  if (ready === 0 || ready < replicasFor(guard.share, state.spec.replicas)) return shares;
  return { [guard.candidate]: 1 - guard.share, [guard.control]: guard.share };
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
    if (need <= ready && isNear(state, { rollout, weight }, observation)) return weight;
    if (direct) return 0;
    // What was lost in between has to be carried in full before it is had again.
    const goesOn =
      rollout.carried?.weight === weight && getsNow(rollout.candidate, state, observation) > weight - SMALLEST;
    if (goesOn && rollout.carried.replicas <= ready) return weight;
  }
  return 0;
}

/** Not where the candidate would get far more than that, for requests go by the number of replicas (trap T9). */
function isNear(
  { spec }: EnvironmentState,
  { rollout, weight }: { rollout: Rollout; weight: number },
  observation: Observation,
): boolean {
  const { candidate: release, stable } = rollout;
  return stable === null || excessOf(spec, { release, other: stable, weight }, observation) === null;
}

/** The share that a release gets, or will as soon as the router has followed. */
function getsNow(release: number, { commanded }: EnvironmentState, { traffic }: Observation): number {
  return Math.max(traffic?.[release] ?? 0, commanded?.shares[release] ?? 0);
}

export interface Sight {
  readonly observation: Observation;
  /** Engine time. */
  readonly now: number;
}

/** How many replicas of each release should run; a release that is not named should not run at all. */
export function wantedReplicas(state: EnvironmentState, { observation, now }: Sight): Readonly<Record<number, number>> {
  if (state.removed) return {};
  const plan = rollingPlan(state);
  const shares = wantedShares(state, observation);
  const wanted = leavingReplicas(state, { observation, carried: plan === null ? shares : {}, now });
  for (const [release, replicas] of Object.entries(keptReplicas(state, now))) raise(wanted, Number(release), replicas);
  const guard = guardOf(state);
  if (guard !== null) raise(wanted, guard.control, replicasFor(guard.share, state.spec.replicas));
  if (plan === null) return { ...wanted, ...steppedReplicas(state, observation, { wanted, shares }) };
  const taking = rolledReleases(state, observation);
  const idle = Object.entries(observation.releases)
    .filter(([release]) => !taking.includes(Number(release)))
    .reduce((sum, [release, { desired }]) => sum + Math.max(0, desired - (wanted[Number(release)] ?? 0)), 0);
  const sizes: Record<number, number> = { ...wanted, ...rollReplicas(state, plan, { observation, idle }) };
  for (const { release, fullUntil } of state.kept) if (now < fullUntil) raise(sizes, release, state.spec.replicas);
  return sizes;
}

/** For a plan by steps: `wanted` with the stable release and the candidate. */
function steppedReplicas(
  state: EnvironmentState,
  observation: Observation,
  { wanted, shares }: { wanted: Readonly<Record<number, number>>; shares: Shares },
): Record<number, number> {
  const full = state.spec.replicas;
  const sizes: Record<number, number> = { ...wanted };
  const rollout = approvedRollout(state);
  if (state.stable !== null) {
    // Behind a plain Service each replica carries the same, whatever share that comes to.
    const has = state.spec.routing === 'replicas' ? 0 : getsNow(state.stable, state, observation);
    sizes[state.stable] = rollout === null ? full : stableReplicas(rollout, { full, shares, has });
  }
  if (rollout !== null) raise(sizes, rollout.candidate, candidateReplicas(rollout, full));
  return sizes;
}

/**
 * Whole, or (`stableScale: dynamic`) what all that is not the candidate's needs, never less than what it `has` does, and
 * at least one: it may be returned to.
 */
function stableReplicas(
  rollout: Rollout,
  { full, shares, has }: { full: number; shares: Shares; has: number },
): number {
  if (!isGradual(rollout) || rollout.kind === 'rollback') return full;
  return Math.max(Math.min(1, full), replicasFor(Math.max(has, 1 - (shares[rollout.candidate] ?? 0)), full));
}

function raise(sizes: Record<number, number>, release: number, replicas: number): void {
  sizes[release] = Math.max(sizes[release] ?? 0, replicas);
}

/** The effects that bring the observed world to the wanted one. The route comes first: it is what users feel. */
export function wantedEffects(state: EnvironmentState, observation: Observation, now: number): readonly Effect[] {
  const shares = wantedShares(state, observation);
  const routes = routeEffects(state, { observation, shares, now });
  const scales = scaleEffects(state, { observation, now }, { shares, routed: routes.length === 0 });
  return [...routes, ...scales, ...gatesEffects(state, observation, now)];
}

interface Route {
  readonly shares: Shares;
  /** It was commanded and needs not be again. */
  readonly routed: boolean;
}

function scaleEffects(state: EnvironmentState, { observation, now }: Sight, route: Route): readonly Effect[] {
  const wanted = wantedReplicas(state, { observation, now });
  const rolls = rollingPlan(state) !== null && !state.removed;
  const numbers = new Set([...Object.keys(wanted), ...Object.keys(observation.releases)].map(Number));
  const effects: Effect[] = [];
  for (const release of [...numbers].sort((a, b) => a - b)) {
    const want = wanted[release] ?? 0;
    const { desired = 0, ready = 0 } = observation.releases[release] ?? {};
    const mayShrink = rolls
      ? want >= ready || mayLose(release, route, observation)
      : route.routed && inForce(state, observation, route.shares);
    if (want > desired || (want < desired && mayShrink)) effects.push({ kind: 'scale', release, replicas: want });
  }
  return effects;
}

/**
 * Whether ready replicas of a release in a roll may be taken away: only once requests have left them. A router that goes
 * by the number of replicas does not follow a split to the letter; what it sends by them moves with them.
 */
function mayLose(release: number, { shares, routed }: Route, { traffic, releases }: Observation): boolean {
  if (traffic === null || !routed) return false;
  const gets = traffic[release] ?? 0;
  const share = shares[release] ?? 0;
  const ready = Object.values(releases).reduce((sum, one) => sum + one.ready, 0);
  const even = share === 0 || ready === 0 ? 0 : (releases[release]?.ready ?? 0) / ready;
  return gets <= Math.max(share, even) + SMALLEST;
}
