/**
 * How many times as often as stable the candidate is bad: a confidence interval that is valid at any time. Each bound is
 * where the always-valid test of "no more (no less) than this many times" would just be decided (section 9.1).
 */

import { LOG_RATIO_STEP, LOG_RATIOS, WORSE, WORSE_WEIGHTS } from './grids.ts';
import { logWeightedSum } from './log-sum-exp.ts';
import { FROM_START } from './suspicion.ts';

export type RatioInterval = {
  /** 0 when nothing bounds it from below within 1/100. */
  readonly low: number;
  /** `null` when nothing bounds it from above within 100. */
  readonly high: number | null;
  /** The likeliest ratio; `null` when it is outside 1/100 … 100, or there is no bad event at all. */
  readonly estimate: number | null;
  /** Probability that it covers the true ratio at every look: at least 1 − 2α. */
  readonly confidence: number;
};

/**
 * `ratio`: ln of the likelihood of each of `LOG_RATIOS`. Bounds are on that grid and rounded outwards, so at most 7.5 %
 * too wide by that; between its points the (concave) likelihood is taken too low and beyond its ends not at all, which
 * also only widens.
 */
export function ratioInterval(ratio: readonly number[], alpha: number): RatioInterval {
  // The abort test bets this share from the start; asking as much of the interval, the two never disagree.
  const bar = -Math.log(FROM_START * alpha);
  const last = LOG_RATIOS.length - 1;
  // The likelihood is concave in the logarithm, so each test's e-value falls (rises) steadily along the grid.
  const low = firstIndex((index) => !proven(ratio, index, { direction: 1, bar }));
  const high = firstIndex((index) => proven(ratio, index, { direction: -1, bar }));
  return {
    low: low === 0 ? 0 : ratioAt(low - 1),
    high: high > last ? null : ratioAt(high),
    estimate: estimate(ratio),
    confidence: 1 - 2 * alpha,
  };
}

/** The smallest index for which `holds`, given that it holds for all after it; the length when it never does. */
function firstIndex(holds: (index: number) => boolean): number {
  let from = 0;
  let to = LOG_RATIOS.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Each alternative in steps of the grid: so many whole ones, and a share of the next one. */
const ALTERNATIVES = WORSE.map((factor) => {
  const steps = Math.log(factor) / LOG_RATIO_STEP;
  return { whole: Math.floor(steps), share: steps % 1 };
});

/** Whether "the ratio is higher (direction 1) or lower (−1) than that at `index`" is proven. */
function proven(ratio: readonly number[], index: number, test: { direction: 1 | -1; bar: number }): boolean {
  const { direction, bar } = test;
  const here = ratio[index] ?? 0;
  let highest = -Infinity;
  for (const { whole, share } of ALTERNATIVES) {
    const start = ratio[index + direction * whole];
    const end = ratio[index + direction * (whole + 1)];
    // The further ones are beyond the end of the grid too.
    if (start === undefined || end === undefined) break;
    const log = start * (1 - share) + end * share - here;
    if (log > highest) highest = log;
  }
  // A mean lies between its largest term alone and its largest term everywhere: mostly that settles it.
  if (highest < bar) return false;
  if (highest - Math.log(WORSE.length) >= bar) return true;
  const logs = ALTERNATIVES.map(({ whole, share }) => {
    const start = ratio[index + direction * whole];
    const end = ratio[index + direction * (whole + 1)];
    return start === undefined || end === undefined ? -Infinity : start * (1 - share) + end * share - here;
  });
  return logWeightedSum(logs, WORSE_WEIGHTS) >= bar;
}

function estimate(ratio: readonly number[]): number | null {
  const best = ratio.indexOf(Math.max(...ratio));
  const [before, peak, after] = [ratio[best - 1], ratio[best], ratio[best + 1]];
  if (before === undefined || peak === undefined || after === undefined) return null;
  const curvature = before - 2 * peak + after;
  // The top of the parabola through the three highest points; flat means that nothing has been seen.
  return curvature >= 0
    ? null
    : Math.exp((LOG_RATIOS[best] ?? 0) + (LOG_RATIO_STEP * (before - after)) / (2 * curvature));
}

function ratioAt(index: number): number {
  return Math.exp(LOG_RATIOS[index] ?? 0);
}
