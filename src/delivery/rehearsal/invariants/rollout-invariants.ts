/** I5, I7 and I9 of facts/rollouts.md section 10.2: where rollouts return to, that they are alone, and how they wait. */

import type { Shares } from '../../engine-state.ts';
import { CONTROL_SHARE } from '../../guard.ts';
import { isGradual } from '../../sizes.ts';
import type { AppliedEffect, Instant, Invariant } from './instant.ts';
import { createPlanBook } from './plan-book.ts';
import { createRolloutLog, type Guarded } from './rollout-log.ts';

/** I5: what serves without a rollout, and what an abort or the guard returns to, is the last promoted release. */
export function abortReturnsToLastPromoted(serving: number | null): Invariant {
  const read = createRolloutLog(serving);
  const plans = createPlanBook();
  const gradual = new Set<number>();
  let shrinks = false;
  return {
    name: 'I5',
    check(instant) {
      const { state, effects } = instant;
      const planOf = plans.read(instant);
      const { lastPromoted, open, ended, guarded, rolledBackByItself } = read(instant);
      for (const { end } of ended) {
        shrinks = isGradual({ plan: planOf(end.rollout) });
        if (shrinks) gradual.add(end.candidate);
        else gradual.delete(end.candidate);
      }
      if (state.stable !== lastPromoted) {
        return `the stable release is ${label(state.stable)}, the last promoted one ${label(lastPromoted)}`;
      }
      const astray = rolledBackByItself.find(({ to, expected }) => to !== expected);
      if (astray !== undefined) {
        return `the guard returned to ${label(astray.to)} instead of ${label(astray.expected)}`;
      }
      const last = effects.findLast(({ effect }) => effect.kind === 'route');
      if (open.length > 0 || last === undefined) return null;
      const justEnded = new Set(ended.map(({ end }) => end.candidate));
      const strangers = strangersIn(last, { lastPromoted, guarded, gradual, shrinks, justEnded });
      return strangers === null ? null : `without a rollout ${strangers} was exposed instead of ${label(lastPromoted)}`;
    },
  };
}

interface Expected {
  readonly lastPromoted: number | null;
  readonly guarded: Guarded | null;
  /** Where the plan has made the stable release smaller, an aborted candidate gives its requests back a few at a time. */
  readonly gradual: ReadonlySet<number>;
  /** The last plan was such a one: whoever has requests may keep them until the stable release is whole. */
  readonly shrinks: boolean;
  /** What was given at the instant of its end may have been given before it. */
  readonly justEnded: ReadonlySet<number>;
}

/** Who is exposed without a right to it, or that nobody is; `null` when all is well. */
function strangersIn({ effect, seen }: AppliedEffect, expected: Expected): string | null {
  const { lastPromoted, guarded, gradual, shrinks, justEnded } = expected;
  const shares: Shares = effect.kind === 'route' ? effect.shares : {};
  const strangers = Object.entries(shares).filter(([name, share]) => {
    const release = Number(name);
    if (release === lastPromoted) return false;
    if (release === guarded?.control) return share > CONTROL_SHARE + SMALLEST;
    if (!shrinks && !gradual.has(release)) return true;
    return !justEnded.has(release) && share > (seen.traffic?.[release] ?? 0) + SMALLEST;
  });
  if (strangers.length > 0) return strangers.map(([name]) => `#${name}`).join(' and ');
  return lastPromoted !== null && Object.keys(shares).length === 0 ? 'nothing' : null;
}

const SMALLEST = 1e-9;

/** I7: at most one active rollout of an environment. */
export function oneRolloutAtATime(): Invariant {
  const read = createRolloutLog(null);
  return {
    name: 'I7',
    check(instant) {
      const { open } = read(instant);
      return open.length > 1 ? `${open.map(({ rollout }) => rollout).join(' and ')} are under way at once` : null;
    },
  };
}

/** How much later than its deadline a wait may be ended: the engine looks at least once a second. */
const LOOK_EVERY = 1000;

/** I9: every wait on the world has a deadline and ends by it, every wait on a person names the command that ends it. */
export function waitsEnd(): Invariant {
  return {
    name: 'I9',
    check({ at, state }: Instant) {
      const { rollout } = state;
      if (rollout === null || rollout.outcome !== null) return null;
      const wait = state.told?.wait ?? null;
      if (wait === null) return `${rollout.id} is under way and says of no wait what it waits for`;
      if (wait.until === null && wait.command === null)
        return `"${wait.for}" has neither a deadline nor a command that ends it`;
      if (wait.until !== null && at > wait.until + LOOK_EVERY) {
        return `"${wait.for}" should have ended ${(at - wait.until) / 1000} s ago`;
      }
      return null;
    },
  };
}

function label(release: number | null): string {
  return release === null ? 'none' : `#${release}`;
}
