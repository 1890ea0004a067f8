/** When a test proves what it claims, and a metric passes. */

import { finiteExp } from './log-sum-exp.ts';
import type { MetricReading, Test } from './reading.ts';

export function test(log: number, errorProbability: number): Test {
  return { e: finiteExp(log), log, bar: 1 / errorProbability };
}

/** Compared in the logarithm, where nothing overflows. */
export function proven({ log, bar }: Test): boolean {
  return log >= Math.log(bar);
}

/** One of the two is enough: no worse than allowed beside stable, or within the SLO. */
export function passes({ promote, slo }: MetricReading): boolean {
  return proven(promote) || proven(slo);
}

/** How near a metric is to its pass: ln e of the better of its two proofs. */
export function passLog({ promote, slo }: MetricReading): number {
  return Math.max(promote.log, slo.log);
}

export function bothBreach({ breach }: MetricReading): boolean {
  return breach.candidate && breach.stable;
}
