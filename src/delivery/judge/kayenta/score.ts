/** From classified metrics to one score (facts/rollouts.md section 8.1, step 5). */

import type { Classification } from './classify.ts';

export interface ScoredMetric {
  readonly classification: Classification;
  readonly groups: readonly string[];
  /** `critical`: anything but a pass is a score of 0. `reportOnly`: does not count. */
  readonly weightOf: 'critical' | 'normal' | 'reportOnly';
}

export interface Thresholds {
  readonly pass: number;
  readonly marginal: number;
}

export interface Score {
  /** 0 … 100, to two decimals. */
  readonly score: number;
  readonly groups: Readonly<Record<string, number>>;
  readonly classification: 'Pass' | 'Marginal' | 'Fail';
}

/** `weights`: group → percent; groups that are not named share what is left. */
export function score(
  metrics: readonly ScoredMetric[],
  weights: Readonly<Record<string, number>>,
  { pass, marginal }: Thresholds,
): Score {
  const counting = metrics.filter(({ weightOf }) => weightOf !== 'reportOnly');
  const names = [...new Set(counting.flatMap(({ groups }) => groups))];
  const unnamed = names.filter((name) => weights[name] === undefined);
  const named = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const groups: Record<string, number> = {};
  let total = 0;
  for (const name of names) {
    const own = groupScore(counting.filter((metric) => metric.groups.includes(name)));
    groups[name] = own ?? 0;
    // A group without any data is said to have 0, and counts as if it had passed.
    total += ((own ?? 100) * (weights[name] ?? (100 - named) / unnamed.length)) / 100;
  }
  const broken = metrics.some(({ weightOf, classification }) => weightOf === 'critical' && classification !== 'Pass');
  const score = broken || isMostlyWithoutData(metrics) ? 0 : Math.round(total * 100) / 100;
  return { score, groups, classification: score >= pass ? 'Pass' : score >= marginal ? 'Marginal' : 'Fail' };
}

/** Share of those with data that pass, in percent; `null` without any. */
function groupScore(metrics: readonly ScoredMetric[]): number | null {
  const counted = metrics.filter(({ classification }) => classification !== 'Nodata');
  const passed = counted.filter(({ classification }) => classification === 'Pass').length;
  return counted.length === 0 ? null : (100 * passed) / counted.length;
}

function isMostlyWithoutData(metrics: readonly ScoredMetric[]): boolean {
  return metrics.filter(({ classification }) => classification === 'Nodata').length * 2 >= metrics.length;
}
