/** I3 of facts/rollouts.md section 10.2: what stays, so that requests have somewhere to go. */

import type { RollingPlan, Strategy } from '../../environment-spec.ts';
import type { EnvironmentState } from '../../engine-state.ts';
import type { Observation } from '../../observation.ts';
import { rollBounds } from '../../sizes.ts';
import { keepOf, replicasFor } from '../../steps.ts';
import type { AppliedEffect, Instant, Invariant } from './instant.ts';
import { createPlanBook } from './plan-book.ts';
import { createRolloutLog } from './rollout-log.ts';

/**
 * I3: in a canary and in blue-green the stable release stays at full size until the candidate is promoted and then for
 * max(`keep`, `guard`); with `stableScale: dynamic` at what its share needs. In a rolling plan no replica is taken away
 * that the floor needs, and none asked for beyond the ceiling. Judged by the replicas that the platform is told to run:
 * how many are ready is up to it.
 */
export function enoughStays(serving: number | null): Invariant {
  const read = createRolloutLog(serving);
  const plans = createPlanBook();
  const keeps = new Map<number, number>();
  let before: EnvironmentState | null = null;
  return {
    name: 'I3',
    check(instant) {
      const { at, state } = instant;
      const planOf = plans.read(instant);
      const { ended, open, removed } = read(instant);
      if (removed) keeps.clear();
      for (const { started, end } of ended) {
        const promoted = end.outcome === 'promoted' || end.outcome === 'promotedByHand';
        const returned = started?.kind === 'rollback' && end.outcome === 'rolledBack';
        // What serves is kept by nothing any more: when it is replaced in its turn, that plan says for how long.
        if (promoted || returned) keeps.delete(end.candidate);
        if (end.stable === null) continue;
        if (promoted) keeps.set(end.stable, at + Math.max(keepOf(planOf(end.rollout)), state.spec.guard));
        // What was rolled back from is withdrawn: nothing asks for its full size any more.
        if (returned) keeps.delete(end.stable);
      }
      const needed = new Map<number, number>();
      for (const [release, until] of keeps) if (at < until) needed.set(release, state.spec.replicas);
      for (const { stable, rollout, kind } of open) {
        if (stable === null) continue;
        needed.set(stable, stableNeeds(planOf(rollout), { release: stable, kind, instant }));
      }
      // What is kept no more, or has left, has replicas of its own until the effects of this instant.
      const kept = [...(before?.kept ?? []), ...state.kept];
      const leaving = [...(before?.leaving ?? []), ...state.leaving];
      before = state;
      return tooSmall(instant, needed) ?? outOfBounds({ ...instant, state: { ...state, kept, leaving } }, planOf);
    },
  };
}

function stableNeeds(
  plan: Strategy,
  { release, kind, instant }: { release: number; kind: string; instant: Instant },
): number {
  const { replicas } = instant.state.spec;
  if (plan.kind === 'rolling') return 0;
  if (plan.kind === 'blueGreen' || plan.stableScale === 'full' || kind === 'rollback') return replicas;
  // Where requests go by the number of replicas each carries the same, whatever share that comes to.
  const coarse = instant.state.spec.routing === 'replicas';
  const split = coarse ? instant.state.commanded?.shares : instant.observation.traffic;
  return Math.max(1, replicasFor(split?.[release] ?? 0, replicas));
}

function tooSmall({ observation }: Instant, needed: ReadonlyMap<number, number>): string | null {
  for (const [release, count] of needed) {
    const desired = observation.releases[release]?.desired ?? 0;
    if (desired < count) return `#${release} should have ${count} replicas and has ${desired}`;
  }
  return null;
}

/** Whether an effect of a rolling plan has broken its floor or its ceiling, by what was seen when it was decided. */
function outOfBounds({ at, state, effects }: Instant, planOf: (rollout: string) => Strategy): string | null {
  const plan = planOf(state.rollout?.id ?? '');
  if (plan.kind !== 'rolling' || state.removed || state.stable === null) return null;
  let crew: Crew = { seen: null, desired: {}, ready: {} };
  for (const applied of effects) {
    const before = applied.seen === crew.seen ? crew : crewOf(applied.seen);
    crew = after(before, applied);
    const complaint = complaintOf({ before, after: crew, applied }, { at, state, plan });
    if (complaint !== null) return complaint;
  }
  return null;
}

/** How many replicas of each release are asked for and ready, as far as effects alone change that. */
interface Crew {
  readonly seen: Observation | null;
  readonly desired: Readonly<Record<number, number>>;
  readonly ready: Readonly<Record<number, number>>;
}

function crewOf(seen: Observation): Crew {
  const of = (part: 'desired' | 'ready'): Record<number, number> =>
    Object.fromEntries(Object.entries(seen.releases).map(([release, status]) => [release, status[part]]));
  return { seen, desired: of('desired'), ready: of('ready') };
}

function after(crew: Crew, { effect }: AppliedEffect): Crew {
  if (effect.kind !== 'scale') return crew;
  const { release, replicas } = effect;
  return {
    ...crew,
    desired: { ...crew.desired, [release]: replicas },
    ready: { ...crew.ready, [release]: Math.min(crew.ready[release] ?? 0, replicas) },
  };
}

interface Bounded {
  readonly at: number;
  readonly state: EnvironmentState;
  readonly plan: RollingPlan;
}

/** What stays for another reason is no part of it: a kept release at its own size, a candidate that is `keepAborted`. */
function complaintOf(
  { before, after: next, applied }: { before: Crew; after: Crew; applied: AppliedEffect },
  { at, state, plan }: Bounded,
): string | null {
  const { effect } = applied;
  if (effect.kind !== 'scale') return null;
  // Nothing of a release runs before it is approved, whatever is left of an earlier rollout of it.
  if (state.rollout?.reason === 'approval' && effect.release === state.rollout.candidate) return null;
  const full = state.spec.replicas;
  const { most, least } = rollBounds(plan, full);
  const apart = new Map(state.leaving.flatMap(({ release, until }) => (at < until ? [[release, Infinity]] : [])));
  for (const { release, fullUntil } of state.kept) {
    apart.set(release, Math.max(apart.get(release) ?? 0, at < fullUntil ? full : 1));
  }
  if (state.stable !== null && state.rollout?.outcome !== null) apart.delete(state.stable);
  const total = ({ desired }: Crew): number =>
    Object.entries(desired).reduce(
      (sum, [name, count]) => sum + Math.max(0, count - (apart.get(Number(name)) ?? 0)),
      0,
    );
  const parts = [state.stable, state.rollout?.candidate, ...Object.keys(applied.seen.traffic ?? {})].map(Number);
  const rolled = new Set([...parts, ...state.leaving.flatMap((one) => (one.carries === true ? [one.release] : []))]);
  const ready = (crew: Crew): number => [...rolled].reduce((sum, release) => sum + (crew.ready[release] ?? 0), 0);
  if (total(next) > total(before) && total(next) > most) {
    return `#${effect.release} went to ${effect.replicas} replicas: ${total(next)} in all, and ${most} may be`;
  }
  // What neither serves nor is to serve may go whenever its time is over.
  const idle = (applied.seen.traffic?.[effect.release] ?? 0) === 0;
  const candidate = state.rollout?.outcome === null ? state.rollout.candidate : null;
  if (idle && effect.release !== state.stable && effect.release !== candidate) return null;
  if (ready(next) < ready(before) && ready(next) < least) {
    return `#${effect.release} went to ${effect.replicas} replicas, which leaves ${ready(next)} ready of at least ${least}`;
  }
  return null;
}
