/** The candidate against the stable release that serves at the same time: the conditional rate ratio (section 9.1). */

import { FINE_RATIOS, FINE_WEIGHTS, LOG_RATIOS, WORSE, WORSE_WEIGHTS } from './grids.ts';
import { logWeightedSum } from './log-sum-exp.ts';

/** Bad events of one look: `bad` of all `events` were the candidate's, which had the share `q` of the requests. */
export interface Event {
  readonly bad: number;
  readonly events: number;
  readonly q: number;
}

/**
 * ln of the likelihood ratio of "the candidate fails `ratio` times as often as stable" to "… `against` times":
 * x₁ ln(ρ/ρ₀) + m ln[(qρ₀+1−q)/(qρ+1−q)]. An arm without requests tells nothing: the result is 0.
 */
export function logLikelihoodRatio({ bad, events, q }: Event, ratio: number, against: number): number {
  return bad * Math.log(ratio / against) + events * Math.log((q * against + 1 - q) / (q * ratio + 1 - q));
}

/** For each alternative of the abort test: more than `tolerate` times as bad. */
export function worseLogs(event: Event, tolerate: number): readonly number[] {
  return WORSE.map((factor) => logLikelihoodRatio(event, tolerate * factor, tolerate));
}

/** For each alternative of the promote test: less than `detect` times as bad. */
export function fineLogs(event: Event, detect: number): readonly number[] {
  return FINE_RATIOS.map((ratio) => logLikelihoodRatio(event, ratio, detect));
}

const RATIOS = LOG_RATIOS.map((log) => Math.exp(log));

/** ln of the likelihood of each ratio of `LOG_RATIOS`, against 1. */
export function ratioLogs({ bad, events, q }: Event): readonly number[] {
  return LOG_RATIOS.map((log, index) => bad * log - events * Math.log(q * (RATIOS[index] ?? 1) + 1 - q));
}

/** ln E of summed `worseLogs`; the bar is 1/α. */
export function logWorse(logs: readonly number[]): number {
  return logWeightedSum(logs, WORSE_WEIGHTS);
}

/** ln E' of summed `fineLogs`; the bar is 1/β. */
export function logFine(logs: readonly number[]): number {
  return logWeightedSum(logs, FINE_WEIGHTS);
}
