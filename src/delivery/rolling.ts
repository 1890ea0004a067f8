/**
 * Rolling: the replicas of one release take the place of the others', a few at a time. The ceiling (replicas asked for)
 * and the floor (replicas ready) hold at every instant, forwards and, after an abort, backwards. Computed anew at each
 * look from what runs, so it goes on from wherever it is.
 */

import type { RollingPlan } from './environment-spec.ts';
import type { EnvironmentState, Shares } from './engine-state.ts';
import { guardOf } from './guard.ts';
import type { Observation } from './observation.ts';
import { sameShares } from './shares.ts';
import { rollBounds, type RollBounds } from './sizes.ts';
import { approvedRollout } from './turn.ts';
import { isExposed, stillLeaving } from './withdrawing.ts';

/** A share below this is what is left of rounding. */
const SMALLEST = 1e-9;

/** The plan by which the replicas of the present or the last rollout are replaced; `null` when it is another strategy. */
export function rollingPlan({ rollout }: EnvironmentState): RollingPlan | null {
  return rollout?.plan.kind === 'rolling' ? rollout.plan : null;
}

/** What is rolled to: the candidate; without one, and before it is approved, the stable release. */
function rollTarget(state: EnvironmentState): number | null {
  return approvedRollout(state)?.candidate ?? state.stable;
}

/** All replicas are the candidate's and ready, all requests go to it, and the old replicas are gone (one stays warm). */
export function rollComplete(state: EnvironmentState, observation: Observation): boolean {
  const goal = rollTarget(state);
  if (goal === null) return false;
  const { [goal]: own, ...others } = observation.releases;
  if (own === undefined || own.ready < state.spec.replicas || own.desired > state.spec.replicas) return false;
  if (observation.traffic === null || !sameShares(observation.traffic, { [goal]: 1 })) return false;
  const stays = new Set([...state.kept, ...state.leaving].map(({ release }) => release));
  return Object.entries(others).every(([release, { desired }]) => {
    return stays.has(Number(release)) || desired <= (Number(release) === state.stable ? 1 : 0);
  });
}

/** The split during a roll. */
export function rollShares(state: EnvironmentState, plan: RollingPlan, observation: Observation): Shares {
  const roll = openRoll(state, plan, observation);
  return roll === null ? {} : withoutMore(sharesOf(state, roll, observation), { state, observation, roll });
}

/** How many replicas the releases that take part should run now; `idle`: what others run beyond what they should. */
export function rollReplicas(
  state: EnvironmentState,
  plan: RollingPlan,
  { observation, idle }: { observation: Observation; idle: number },
): Record<number, number> {
  const roll = openRoll(state, plan, observation);
  if (roll === null) return {};
  const wanted: Record<number, number> = { [roll.target.release]: targetReplicas(roll, state.spec.replicas, idle) };
  for (const { release, want } of roll.olds) wanted[release] = want;
  return wanted;
}

/**
 * The releases that take part in a roll: the one that is rolled to, the stable one, and whoever else gets requests or has
 * replicas that were to get some. What has been withdrawn by a plan that takes everything from it at once does not, nor
 * what is kept for a rollback: the small share that it had as a control goes back at once.
 */
export function rolledReleases(state: EnvironmentState, observation: Observation): readonly number[] {
  const named = [rollTarget(state), state.stable].flatMap((release) => (release === null ? [] : [release]));
  const control = guardOf(state)?.control;
  const leaving = new Map(stillLeaving(state, observation).map(({ release, carries }) => [release, carries === true]));
  const kept = new Set(state.kept.map(({ release }) => release));
  const others = Object.keys(observation.releases)
    .map(Number)
    .filter((release) => release !== control)
    .filter((release) => leaving.get(release) ?? (!kept.has(release) && isExposed(release, state, observation)));
  return [...new Set([...named, ...others])];
}

interface Roll {
  readonly target: Member;
  readonly olds: readonly Old[];
  readonly bounds: RollBounds;
}

interface Member {
  readonly release: number;
  readonly desired: number;
  readonly ready: number;
}

/** One whose replicas are replaced. */
interface Old extends Member {
  /** So many stay, warm and in the end without requests. */
  readonly warm: number;
  /** So many should run now. */
  readonly want: number;
}

function openRoll(state: EnvironmentState, plan: RollingPlan, observation: Observation): Roll | null {
  const goal = rollTarget(state);
  if (goal === null) return null;
  const bounds = rollBounds(plan, state.spec.replicas);
  const target = memberOf(goal, observation);
  const olds = rolledReleases(state, observation)
    .filter((release) => release !== goal)
    .map((release) => memberOf(release, observation))
    .sort((one, other) => place(one, state) - place(other, state));
  return { target, olds: takenAway(withWarm(olds, state, bounds), target, bounds), bounds };
}

/** What was withdrawn goes first, the stable release last. */
function place({ release }: Member, { stable }: EnvironmentState): number {
  return release === stable ? Infinity : release;
}

function memberOf(release: number, { releases }: Observation): Member {
  const { desired = 0, ready = 0 } = releases[release] ?? {};
  return { release, desired, ready: Math.min(ready, desired) };
}

/**
 * What stays warm for a rollback must not take the room that the target needs to become whole. What has been withdrawn
 * goes altogether, and is warm again when it gets no request any more.
 */
function withWarm(olds: readonly Member[], state: EnvironmentState, { most }: RollBounds): readonly Old[] {
  const { kept, leaving, spec, stable } = state;
  let room = most - spec.replicas;
  const stays = (release: number): boolean => {
    if (release === stable) return spec.keep > 0;
    return kept.some((one) => one.release === release) && !leaving.some((one) => one.release === release);
  };
  return olds
    .toReversed()
    .map((old) => {
      const warm = stays(old.release) && room > 0 ? 1 : 0;
      room -= warm;
      return { ...old, warm, want: old.desired };
    })
    .toReversed();
}

/**
 * As the deployment controller of Kubernetes: old replicas that are not ready first, so far as what is left could still
 * make up the floor; then ready ones, so far as the floor is exceeded.
 */
function takenAway(olds: readonly Old[], target: Member, { least }: RollBounds): readonly Old[] {
  let spare = target.ready + sum(olds.map(({ desired }) => desired)) - least;
  let surplus = target.ready + sum(olds.map(({ ready }) => ready)) - least;
  const withoutUnready = olds.map((old) => {
    const taken = within(old.desired - old.ready, Math.min(spare, old.want - old.warm));
    spare -= taken;
    return { ...old, want: old.want - taken };
  });
  return withoutUnready.map((old) => {
    const taken = within(old.ready, Math.min(surplus, old.want - old.warm));
    surplus -= taken;
    return { ...old, want: old.want - taken };
  });
}

/**
 * Up to full size, so far as there is room below the ceiling beside all that still runs. When the environment was made
 * smaller, what is beyond the ceiling goes from the target only where it is not ready.
 */
function targetReplicas({ target, olds, bounds }: Roll, full: number, idle: number): number {
  const desired = Math.min(target.desired, full);
  const beyond = desired + sum(olds.map(({ want }) => want)) - bounds.most;
  if (beyond > 0) return Math.max(Math.min(target.ready, desired), desired - beyond);
  const room = bounds.most - target.desired - sum(olds.map((old) => old.desired)) - idle;
  return desired + within(full - desired, room);
}

/**
 * The target gets as much as its ready replicas are of the full size, the rest goes to the replicas that stay, evenly.
 * Below full size every replica carries the same, so none more than one of the floor would.
 */
function sharesOf(
  { stable, spec, commanded }: EnvironmentState,
  { target, olds, bounds }: Roll,
  observation: Observation,
): Shares {
  const { release: goal, ready } = target;
  const serving = olds.map((old) => ({ release: old.release, count: Math.min(old.ready, old.want) }));
  const others = sum(serving.map(({ count }) => count));
  if (others > 0) {
    const weight = Math.min(1, ready / Math.max(1, Math.min(spec.replicas, ready + others)));
    if (weight === 1) return { [goal]: 1 };
    const shares: Record<number, number> = weight === 0 ? {} : { [goal]: weight };
    for (const { release, count } of serving) if (count > 0) shares[release] = ((1 - weight) * count) / others;
    return shares;
  }
  if (goal === stable) return { [goal]: 1 };
  // What gets everything goes on so: there is nothing else to send requests to.
  const whole = (observation.traffic ?? commanded?.shares ?? {})[goal] === 1;
  if (stable === null) return ready >= (whole ? 1 : Math.max(1, bounds.least)) ? { [goal]: 1 } : {};
  if (whole || ready > 0) return { [goal]: 1 };
  return olds.some(({ release, want }) => release === stable && want > 0) ? { [stable]: 1 } : {};
}

/**
 * An old release never gets more than it does now: the rest is for whoever serves, the stable release first. Where
 * nothing was ever promoted it is for the target, and for nobody before that is ready.
 */
function withoutMore(
  shares: Shares,
  { state, observation, roll }: { state: EnvironmentState; observation: Observation; roll: Roll },
): Shares {
  const { stable } = state;
  const { target, olds } = roll;
  const now = observation.traffic ?? state.commanded?.shares ?? {};
  const changed: Record<number, number> = { ...shares };
  let excess = 0;
  for (const { release } of olds) {
    const more = (changed[release] ?? 0) - (now[release] ?? 0);
    if (release === stable || more <= SMALLEST) continue;
    changed[release] = now[release] ?? 0;
    excess += more;
  }
  if (excess === 0) return shares;
  const serves = olds.some(({ release, ready, want }) => release === stable && Math.min(ready, want) > 0);
  const taker = target.ready > 0 && !serves ? target.release : stable;
  if (taker === null) return olds.some(({ release }) => (now[release] ?? 0) > 0) ? shares : {};
  changed[taker] = (changed[taker] ?? 0) + excess;
  return Object.fromEntries(Object.entries(changed).filter(([, share]) => share > SMALLEST));
}

/** At most `wish`, at most `limit`, and never below 0. */
function within(wish: number, limit: number): number {
  return Math.max(0, Math.min(wish, limit));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
