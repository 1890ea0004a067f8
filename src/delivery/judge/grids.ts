/** The alternatives over which the tests are mixed: fixed before the first look, so that the error bounds hold. */

const FINE_HALF = 64;
const FINE_STEP = Math.log(100) / FINE_HALF;

/** K = 32 factors from 1.25 to 100, evenly spaced in the logarithm (facts/rollouts.md section 9.1). */
export const WORSE: readonly number[] = Array.from({ length: 32 }, (_, index) => 1.25 * 80 ** (index / 31));
export const WORSE_WEIGHTS: readonly number[] = WORSE.map(() => 1 / WORSE.length);

/** Error ratios that speak for a candidate that is fine, and their weights. */
export const FINE_RATIOS: readonly number[] = [0.25, 0.5, 0.75, 1];
export const FINE_WEIGHTS: readonly number[] = [0.1, 0.2, 0.2, 0.5];

/** Shares of the SLO that speak for a candidate within it, and their weights (section 9.10). */
export const WITHIN_SHARES: readonly number[] = [0, 0.1, 0.25, 0.5];
export const WITHIN_WEIGHTS: readonly number[] = [1 / 2, 1 / 6, 1 / 6, 1 / 6];

/**
 * 129 ratios from 1/100 to 100, 7.5 % apart, with 1 in the middle: where the likelihood of the ratio is kept for its
 * confidence interval. `LOG_RATIOS[64] === 0`.
 */
export const LOG_RATIOS: readonly number[] = Array.from(
  { length: 2 * FINE_HALF + 1 },
  (_, index) => (index - FINE_HALF) * FINE_STEP,
);
export const LOG_RATIO_STEP = FINE_STEP;
