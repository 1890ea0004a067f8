/** The invariants I1–I10 of facts/rollouts.md section 10.2, checked at every instant of every rehearsal. */

import { decide } from '../../decide.ts';
import type { EnvironmentState } from '../../engine-state.ts';
import { decisionsRepeat, lostInCrash } from './engine-invariants.ts';
import type { Instant, Invariant, InvariantName } from './instant.ts';
import { promotedOnlyWhenAllowed } from './promotion-invariant.ts';
import { abortReturnsToLastPromoted, oneRolloutAtATime, waitsEnd } from './rollout-invariants.ts';
import { enoughStays } from './size-invariants.ts';
import { abortedGetsNothing, capacityBeforeTraffic, type Patience, sharesAddUp } from './split-invariants.ts';

export type { AppliedEffect, Instant, InvariantName } from './instant.ts';

export interface Violation {
  readonly invariant: InvariantName;
  readonly at: number;
  /** What is wrong, in a sentence. */
  readonly message: string;
}

export interface InvariantChecker {
  /** To be called at every instant, in order, after the engine has looked. */
  observe(instant: Instant): void;
  /** To be called when the engine was killed and has come back. */
  crashed(at: number, before: EnvironmentState, after: EnvironmentState): void;
  /** The first violation of each invariant, in order. */
  violations(): readonly Violation[];
}

export interface InvariantCheckerOptions extends Patience {
  /** The release that serves at the start. */
  readonly serving: number | null;
  /** The engine to ask twice; only a planted fault needs another one. */
  readonly decide?: typeof decide;
}

export function createInvariantChecker(options: InvariantCheckerOptions): InvariantChecker {
  const { serving } = options;
  const invariants: readonly Invariant[] = [
    sharesAddUp(),
    capacityBeforeTraffic(serving),
    enoughStays(serving),
    abortedGetsNothing(serving, options),
    abortReturnsToLastPromoted(serving),
    decisionsRepeat(options.decide ?? decide),
    oneRolloutAtATime(),
    promotedOnlyWhenAllowed(),
    waitsEnd(),
  ];
  const found = new Map<InvariantName, Violation>();
  const note = (invariant: InvariantName, at: number, message: string | null): void => {
    if (message !== null && !found.has(invariant)) found.set(invariant, { invariant, at, message });
  };
  return {
    observe(instant) {
      for (const invariant of invariants) note(invariant.name, instant.at, invariant.check(instant));
    },
    crashed: (at, before, after) => note('I10', at, lostInCrash(before, after)),
    violations: () => [...found.values()],
  };
}
