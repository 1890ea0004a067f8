/** When the e-values of a rollout first reached bars: its own, and others that one might have asked for. */

import type { MetricValues, RolloutLooked } from '../entries.ts';
import type { JudgeSettings } from '../environment-spec.ts';

/** One test of one metric against one bar. */
export interface Crossing {
  readonly metric: 'errors' | 'slow';
  /** `worse`: it would have been aborted. The others prove it fine: either is enough, for each metric. */
  readonly test: 'worse' | 'no worse than detect' | 'within the SLO';
  /** The error probability that the bar stands for: of a false alarm, or of a miss. */
  readonly odds: number;
  /** Whether these are the odds that the rollout was judged by. */
  readonly own: boolean;
  /** Milliseconds since the rollout began; `null`: not while it was looked at. */
  readonly at: number | null;
}

/** False alarm probabilities besides the rollout's own: what a bolder and a more careful judge would have done. */
const OTHER_FALSE_ALARMS = [0.05, 0.01, 0.001];

/**
 * Looks from which nothing followed are written down rarely when a step lasts long, so a bar that was not the rollout's
 * own may have been reached up to 1 % of the step's age (at most a minute) before.
 *
 * @param began engine time at which the rollout began
 */
export function crossingsOf(
  looks: readonly RolloutLooked[],
  { judge, began }: { readonly judge: JudgeSettings; readonly began: number },
): readonly Crossing[] {
  const metrics = judge.slo.p99 === null ? (['errors'] as const) : (['errors', 'slow'] as const);
  const falseAlarms = [...new Set([judge.falseAlarm, ...OTHER_FALSE_ALARMS])].sort((a, b) => b - a);
  return metrics.flatMap((metric) => {
    const first = (test: keyof MetricValues, bar: number): number | null => {
      const look = looks.find(({ metrics: values }) => (values[metric]?.[test] ?? 0) >= bar);
      return look === undefined ? null : look.at - began;
    };
    const worse = falseAlarms.map((odds): Crossing => ({
      metric,
      test: 'worse',
      odds,
      own: odds === judge.falseAlarm,
      // α is split among the metrics, so each has a higher bar.
      at: first('abort', metrics.length / odds),
    }));
    const fine = (test: Crossing['test'], name: keyof MetricValues): Crossing => {
      return { metric, test, odds: judge.miss, own: true, at: first(name, 1 / judge.miss) };
    };
    return [...worse, fine('no worse than detect', 'promote'), fine('within the SLO', 'slo')];
  });
}
