/**
 * The e-process of "the candidate is worse than it may be". A test that runs from the first request on gets slow: an
 * hour of good requests is evidence that a regression must first use up. So it is a mixture, fixed beforehand: the share
 * `FROM_START` is bet once at the beginning, the rest on tests that begin later, the k-th of them with the weight
 * 1/(k(k+1)). The weights sum to one, so the mixture starts at 1 and is an e-process like its parts; by Ville's inequality
 * it reaches 1/α with a probability of at most α, however often and for however long one looks.
 */

import { WORSE, WORSE_WEIGHTS } from './grids.ts';
import { logAdd, logWeightedSum } from './log-sum-exp.ts';

export const FROM_START = 0.9;
const PARTS = [FROM_START, 1 - FROM_START, 1 - FROM_START];

/**
 * For each alternative of `WORSE` a logarithm: `start` of its likelihood ratio since the beginning, `later` of the
 * weighted sum of those of all later tests, none before the first of them. Two numbers for each alternative hold any number
 * of tests: each look multiplies all of them by the same factor (the recursion of Shiryaev and Roberts).
 */
export interface Suspicion {
  readonly start: readonly number[];
  readonly later: readonly number[];
}

/** @param begun How many later tests have begun already: for one that sees its first request only now they are all at 1. */
export function startSuspicion(begun: number): Suspicion {
  return { start: WORSE.map(() => 0), later: begun === 0 ? [] : WORSE.map(() => Math.log(1 - 1 / (begun + 1))) };
}

/** Begins the `number`-th later test (counted from 1). When must not depend on what has been counted since the last look. */
export function beginLater({ start, later }: Suspicion, number: number): Suspicion {
  const weight = -Math.log(number * (number + 1));
  return { start, later: WORSE.map((_, index) => logAdd(later[index] ?? -Infinity, weight)) };
}

/** Adds the log likelihood ratios of one look, one for each alternative. */
export function suspect({ start, later }: Suspicion, more: readonly number[]): Suspicion {
  return { start: added(start, more), later: later.length === 0 ? later : added(later, more) };
}

/** ln of the e-value after `begun` later tests have begun; those that have not are worth their weight. */
export function logSuspicion({ start, later }: Suspicion, begun: number): number {
  const ofLater = later.length === 0 ? -Infinity : logWeightedSum(later, WORSE_WEIGHTS);
  return logWeightedSum([logWeightedSum(start, WORSE_WEIGHTS), ofLater, -Math.log(begun + 1)], PARTS);
}

/**
 * Rounded to 1e-6, far below what decides anything however many looks add up: as text they are half as long, and they
 * are saved every second.
 */
export function added(logs: readonly number[], more: readonly number[]): readonly number[] {
  return logs.map((log, index) => Math.round((log + (more[index] ?? 0)) * 1e6) / 1e6 + 0);
}
