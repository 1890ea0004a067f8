/** I6 and I10 of facts/rollouts.md section 10.2: the engine itself. */

import { isDeepStrictEqual } from 'node:util';
import type { decide } from '../../decide.ts';
import type { EnvironmentState } from '../../engine-state.ts';
import type { Invariant } from './instant.ts';

/** I6: the same state and observation at the same time give the same decision. */
export function decisionsRepeat(decideAgain: typeof decide): Invariant {
  return {
    name: 'I6',
    check({ at, state, observation }) {
      const [one, other] = [decideAgain(state, observation, at), decideAgain(state, observation, at)];
      return isDeepStrictEqual(one, other)
        ? null
        : 'the engine decided differently from the same state and observation';
    },
  };
}

/**
 * I10, what of it can be seen at one crash: the engine that comes back knows what the one before knew. (That every crash
 * point leads to the same end is shown by running them all: `rehearseCrashes`.)
 */
export function lostInCrash(before: EnvironmentState, after: EnvironmentState): string | null {
  const kept = ['rollout', 'queued', 'stable', 'kept', 'leaving', 'releases', 'spec', 'removed'] as const;
  const lost = kept.filter((part) => !isDeepStrictEqual(before[part], after[part]));
  return lost.length === 0 ? null : `the engine came back from a crash with another ${lost.join(', ')}`;
}
