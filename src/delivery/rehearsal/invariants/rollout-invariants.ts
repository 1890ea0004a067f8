/** I5, I7, I8 and I9 of facts/rollouts.md section 10.2: how rollouts begin, wait and end. */

import { dataOf } from '../../entries.ts';
import type { Reading } from '../../judge/index.ts';
import type { Invariant } from './instant.ts';
import { createRolloutLog } from './rollout-log.ts';

/** I5: what serves without a rollout, and what an abort returns to, is the last promoted release. */
export function abortReturnsToLastPromoted(serving: number | null): Invariant {
  const read = createRolloutLog(serving);
  return {
    name: 'I5',
    check(instant) {
      const { state, effects } = instant;
      const { lastPromoted, open } = read(instant);
      if (state.stable !== lastPromoted) {
        return `the stable release is ${label(state.stable)}, the last promoted one ${label(lastPromoted)}`;
      }
      const last = effects.findLast(({ effect }) => effect.kind === 'route')?.effect;
      if (open.length > 0 || last?.kind !== 'route') return null;
      const exposed = Object.keys(last.shares).map(Number);
      const expected = lastPromoted === null ? [] : [lastPromoted];
      return exposed.join() === expected.join()
        ? null
        : `without a rollout ${exposed.map(label).join(' and ') || 'nothing'} was exposed instead of ${label(lastPromoted)}`;
    },
  };
}

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

/** I8: no promotion of what was aborted, of what is proven bad, or before it got all requests. */
export function promotedOnlyWhenAllowed(): Invariant {
  const over = new Set<string>();
  return {
    name: 'I8',
    check({ entries, observation, state }) {
      for (const entry of entries) {
        if (entry.kind !== 'rollout.ended') continue;
        const { rollout, outcome, candidate, reading } = dataOf<Ended>(entry);
        if (over.has(rollout)) return `${rollout} has ended twice, the second time as ${outcome}`;
        over.add(rollout);
        if (outcome !== 'promoted' && outcome !== 'promotedByHand') continue;
        const dry = state.rollout?.judge.dry ?? false;
        if (outcome === 'promoted' && reading.verdict.kind === 'fail' && !dry) {
          return `${rollout} was promoted although ${reading.sentence}`;
        }
        // When the next rollout has begun at the same instant, the split that is seen is its own.
        const own = state.rollout?.id === rollout;
        if (own && observation.traffic?.[candidate] !== 1)
          return `${rollout} was promoted before all requests went to #${candidate}`;
      }
      return null;
    },
  };
}

interface Ended {
  readonly rollout: string;
  readonly outcome: string;
  readonly candidate: number;
  readonly reading: Reading;
}

/** How much later than its deadline a wait may be ended: the engine looks at least once a second. */
const LOOK_EVERY = 1000;

/** I9: every wait on the world has a deadline and ends by it, every wait on a person names the command that ends it. */
export function waitsEnd(): Invariant {
  return {
    name: 'I9',
    check({ at, state }) {
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
