/** One rehearsal with many seeds: how often each outcome comes, how long decisions take, what users see of it. */

import type { Outcome } from '../engine-state.ts';
import type { Rehearsal } from './rehearsal.ts';
import { runRehearsal, type RunOptions } from './run-rehearsal.ts';

export interface SeedsResult {
  readonly seeds: number;
  /** How often the last rollout ended so; `undecided`: it was still under way at the end, or none had begun. */
  readonly outcomes: Readonly<Record<Outcome | 'undecided', number>>;
  /** Milliseconds from the start of the last rollout to its end, of those that ended; `null` when none did. */
  readonly decision: Distribution | null;
  /** Requests that failed, whichever release answered. */
  readonly errors: Distribution;
  /** Those of the candidate of the last rollout that ended. */
  readonly candidateErrors: Distribution;
  /** Seeds in which an expectation or an invariant failed, with the first failure of each. */
  readonly failures: readonly { readonly seed: number; readonly message: string }[];
}

export interface Distribution {
  readonly mean: number;
  readonly median: number;
  readonly p90: number;
  readonly most: number;
}

/** Runs the seeds `rehearsal.seed` and the `count − 1` that follow it. */
export async function rehearseSeeds(
  rehearsal: Rehearsal,
  count: number,
  options: RunOptions = {},
): Promise<SeedsResult> {
  const outcomes = { promoted: 0, promotedByHand: 0, aborted: 0, superseded: 0, rolledBack: 0, undecided: 0 };
  const took: number[] = [];
  const errors: number[] = [];
  const candidateErrors: number[] = [];
  const failures: { seed: number; message: string }[] = [];
  for (let index = 0; index < count; index += 1) {
    const seed = rehearsal.seed + index;
    const result = await runRehearsal({ ...rehearsal, seed }, options);
    const last = result.rollouts.at(-1);
    outcomes[last?.outcome ?? 'undecided'] += 1;
    if (last !== undefined) took.push(last.endedAt - last.startedAt);
    errors.push(result.users.errors);
    if (last !== undefined) candidateErrors.push(result.users.byRelease[last.candidate]?.errors ?? 0);
    const [first] = result.failures;
    if (first !== undefined) failures.push({ seed, message: first.message });
  }
  return {
    seeds: count,
    outcomes,
    decision: took.length === 0 ? null : distribution(took),
    errors: distribution(errors),
    candidateErrors: distribution(candidateErrors),
    failures,
  };
}

function distribution(values: readonly number[]): Distribution {
  const sorted = values.toSorted((one, other) => one - other);
  // The smallest value that at least this share of all do not exceed.
  const quantile = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    mean: sorted.length === 0 ? 0 : sum / sorted.length,
    median: quantile(0.5),
    p90: quantile(0.9),
    most: sorted.at(-1) ?? 0,
  };
}
