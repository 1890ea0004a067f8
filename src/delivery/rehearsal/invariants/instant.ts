/** What an invariant is shown: everything that is so at one instant, after the engine has looked. */

import type { Entry } from '../../../journal/index.ts';
import type { Effect } from '../../effect.ts';
import type { EnvironmentState } from '../../engine-state.ts';
import type { Observation } from '../../observation.ts';

export interface Instant {
  /** Engine time in milliseconds. */
  readonly at: number;
  readonly state: EnvironmentState;
  /** What is really so, even if the engine can't see it. */
  readonly observation: Observation;
  /** What the engine has done since the instant before, in order. */
  readonly effects: readonly AppliedEffect[];
  /** What it has written since then, in order. */
  readonly entries: readonly Pick<Entry, 'kind' | 'data'>[];
}

export interface AppliedEffect {
  readonly effect: Effect;
  /** What the engine had last observed when it decided this. */
  readonly seen: Observation;
}

export type InvariantName = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10';

/** One invariant with what it remembers. Called at every instant, in order. */
export interface Invariant {
  readonly name: InvariantName;
  /** What is wrong, in a sentence; `null` when it holds. */
  check(instant: Instant): string | null;
}
