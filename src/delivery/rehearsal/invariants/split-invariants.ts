/** I1, I2 and I4 of facts/rollouts.md section 10.2: what requests get. */

import type { EnvironmentState, Shares } from '../../engine-state.ts';
import { guardOf } from '../../guard.ts';
import type { Observation } from '../../observation.ts';
import { isGradual, rollBounds } from '../../sizes.ts';
import { replicasFor } from '../../steps.ts';
import type { Instant, Invariant } from './instant.ts';
import { createPlanBook } from './plan-book.ts';
import { createRolloutLog } from './rollout-log.ts';

/** I1: Σ weights = 100 and each ≥ 0 at every observable instant, as commanded and in force. */
export function sharesAddUp(): Invariant {
  const complaint = (shares: Readonly<Record<number, number>>): string | null => {
    const values = Object.values(shares);
    if (values.length === 0) return null;
    const sum = values.reduce((total, share) => total + share, 0);
    const said = Object.entries(shares).map(([release, share]) => `#${release} ${share * 100}%`);
    return Math.abs(sum - 1) > 1e-9 || values.some((share) => share < 0) ? `the split is ${said.join(', ')}` : null;
  };
  return {
    name: 'I1',
    check({ observation, effects }) {
      const commanded = effects.flatMap(({ effect }) => (effect.kind === 'route' ? [effect.shares] : []));
      const all = [...commanded, ...(observation.traffic === null ? [] : [observation.traffic])];
      return all.map(complaint).find((found) => found !== null) ?? null;
    },
  };
}

/**
 * I2: the engine never commands a weight above the capacity of the ready replicas it last observed. The release that
 * serves (the stable one) is where traffic returns to whatever has become of it. In a rolling plan as many replicas as its
 * floor carry everything, and where fewer are ready each carries the same.
 */
export function capacityBeforeTraffic(serving: number | null): Invariant {
  let stable = serving;
  let before: EnvironmentState | null = null;
  return {
    name: 'I2',
    check({ state, effects }) {
      const exempt = stable;
      // One rollout may end at an instant and the next begin, in an environment of another size.
      const states = before === null ? [state] : [before, state];
      before = state;
      ({ stable } = state);
      for (const { effect, seen } of effects) {
        if (effect.kind !== 'route') continue;
        for (const [name, share] of Object.entries(effect.shares)) {
          const release = Number(name);
          const rises = share > (seen.traffic?.[release] ?? 0) + 1e-9;
          if (release === exempt || !rises) continue;
          const need = Math.min(...states.map((one) => replicasFor(share, carriers(one, effect.shares, seen))));
          const ready = seen.releases[release]?.ready ?? 0;
          if (ready < need) return `#${name} was given ${share * 100}% with ${ready} of ${need} replicas ready`;
        }
      }
      return null;
    },
  };
}

/**
 * How many ready replicas carry all requests: in a rolling plan of those releases that get, got or may get any. Where none
 * of the stable release is ready one has to do.
 */
export function carriers({ spec, rollout, stable }: EnvironmentState, shares: Shares, seen: Observation): number {
  if (rollout?.plan.kind !== 'rolling') return spec.replicas;
  if (stable !== null && (seen.releases[stable]?.ready ?? 0) === 0) return 1;
  const named = Object.keys({ ...shares, ...seen.traffic }).map(Number);
  const serving = [...new Set(stable === null ? named : [...named, stable])];
  const ready = serving.reduce((sum, release) => sum + (seen.releases[release]?.ready ?? 0), 0);
  return Math.max(1, Math.min(rollBounds(rollout.plan, spec.replicas).least, ready));
}

/** How long the world may take. */
export interface Patience {
  /** A split that was commanded may come into force so many milliseconds later. */
  readonly delay: number;
  /** So long after its end a candidate may still get requests. */
  readonly patience: number;
}

/** A candidate whose rollout has ended without it. */
interface Withdrawn {
  /** Since when nothing has been in the way of its getting nothing. */
  since: number;
  gone: boolean;
  /** Its plan had taken replicas away from the stable release: it goes on with what that can't carry yet. */
  readonly gradual: boolean;
}

/**
 * I4: after an abort, eventually the candidate gets nothing, and that stays so. At once, but in plans that have made the
 * stable release smaller: there it never gets more than before, and nothing once the stable release is whole; while the
 * next one is rolled out it is an old release like the others, which get ever less.
 */
export function abortedGetsNothing(serving: number | null, { delay, patience }: Patience): Invariant {
  const read = createRolloutLog(serving);
  const plans = createPlanBook();
  const withdrawn = new Map<number, Withdrawn>();
  return {
    name: 'I4',
    check(instant) {
      const { at, state, observation } = instant;
      const planOf = plans.read(instant);
      const { ended, open, lastPromoted } = read(instant);
      for (const { end } of ended) {
        withdrawn.set(end.candidate, { since: at, gone: false, gradual: isGradual({ plan: planOf(end.rollout) }) });
      }
      for (const { candidate } of open) withdrawn.delete(candidate);
      if (lastPromoted !== null) withdrawn.delete(lastPromoted);
      const control = guardOf(state)?.control;
      if (control !== undefined) withdrawn.delete(control);
      // While nothing was ever promoted, what a newer release has superseded serves until that one is whole.
      const heir = lastPromoted ?? open.at(-1)?.candidate ?? null;
      for (const [release, record] of withdrawn) {
        const needed = record.gradual && !isWhole(heir, state, observation);
        if (needed) record.since = at;
        const share = observation.traffic?.[release] ?? 0;
        // What was given at the instant of its end may have been given before it, and goes on being carried.
        const carriesOn = needed && ended.some(({ end }) => end.candidate === release);
        const shrinks = (seen: Observation): boolean =>
          record.gradual && (open.length > 0 || !isWhole(heir, state, seen));
        const given = carriesOn ? null : givenWrongly(release, instant, shrinks);
        if (given !== null) return given;
        if (share > 0 && record.gone) return `#${release} gets ${share * 100}% again after its rollout had ended`;
        if (share > 0 && at - record.since > patience) {
          return `#${release} still gets ${share * 100}%, ${(at - record.since) / 1000} s after its rollout had ended`;
        }
        // What was commanded before the end may yet come into force, and is then undone.
        record.gone ||= share === 0 && at - record.since >= delay;
      }
      return null;
    },
  };
}

function isWhole(stable: number | null, { spec }: EnvironmentState, { releases }: Observation): boolean {
  return stable === null || (releases[stable]?.ready ?? 0) >= spec.replicas;
}

/**
 * Of what was commanded at an instant the last word counts: before it the rollout may have been under way. `shrinks`:
 * whether, by what was seen, it may go on with less.
 */
function givenWrongly(release: number, { effects }: Instant, shrinks: (seen: Observation) => boolean): string | null {
  const last = effects.findLast(({ effect }) => effect.kind === 'route');
  if (last?.effect.kind !== 'route') return null;
  const given = last.effect.shares[release] ?? 0;
  const had = last.seen.traffic?.[release] ?? 1;
  if (given === 0 || (given <= had + 1e-9 && shrinks(last.seen))) return null;
  return `#${release} was given traffic after its rollout had ended`;
}
