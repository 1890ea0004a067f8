/**
 * By how much the values of one sample are shifted against those of another: the confidence interval that inverts the
 * Mann–Whitney rank test, in its normal approximation with ties and continuity (facts/rollouts.md section 8.1).
 */

import { brentRoot } from './brent-root.ts';
import { normalQuantile } from './normal-quantile.ts';

export interface Shift {
  /** Ends of the interval of experiment − control. */
  readonly low: number;
  readonly high: number;
  readonly estimate: number;
}

const TOLERANCE = 1e-4;

/** Both samples have values, and not all of them are the same. */
export function shiftBetween(experiment: readonly number[], control: readonly number[], confidence: number): Shift {
  const least = Math.min(...experiment) - Math.max(...control);
  const most = Math.max(...experiment) - Math.min(...control);
  const rootAt = (quantile: number): number => {
    const excess = (shift: number): number => standardised(experiment, control, shift) - quantile;
    if (excess(least) <= 0) return least;
    return excess(most) >= 0 ? most : brentRoot(excess, [least, most], TOLERANCE);
  };
  const quantile = -normalQuantile((1 - confidence) / 2);
  return { low: rootAt(quantile), high: rootAt(-quantile), estimate: rootAt(0) };
}

/**
 * The rank statistic in standard deviations, when the experiment is moved back by `shift`. The correction for continuity
 * goes by the sign of the statistic, in R by that of the quantile: what is found in a jump differs by it.
 */
function standardised(experiment: readonly number[], control: readonly number[], shift: number): number {
  const [n, m] = [experiment.length, control.length];
  const { ranks, ties } = ranksOf([...experiment.map((value) => value - shift), ...control]);
  const sum = ranks.slice(0, n).reduce((total, rank) => total + rank, 0);
  const excess = sum - (n * (n + 1)) / 2 - (n * m) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  return (excess - Math.sign(excess) / 2) / Math.sqrt(variance);
}

/** Ranks from 1, the mean of them for equal values; `ties` is Σ(t³ − t) over groups of equal values. */
function ranksOf(values: readonly number[]): { readonly ranks: readonly number[]; readonly ties: number } {
  const order = values.map((value, index) => ({ value, index })).sort((one, other) => one.value - other.value);
  const ranks = Array.from({ length: values.length }, () => 0);
  let ties = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && order[to]?.value === order[from]?.value) to += 1;
    for (const { index } of order.slice(from, to)) ranks[index] = (from + 1 + to) / 2;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  return { ranks, ties };
}
