/** From evidence to a verdict. Proven bad always wins; no data is neither good nor bad. */

import type { JudgeSettings } from '../environment-spec.ts';
import { logBreach, logWithin } from './absolute.ts';
import type { Evidence } from './evidence.ts';
import { ratioInterval } from './interval.ts';
import { finiteExp } from './log-sum-exp.ts';
import { logWorst, type MetricEvidence } from './metric.ts';
import { bothBreach, passes, passLog, proven, test } from './proofs.ts';
import type { MetricReading, Reading, SlowReading, Verdict } from './reading.ts';
import { logFine } from './relative.ts';
import { logSampleRatio, SAMPLE_RATIO_ALARM } from './sample-ratio.ts';
import { sentenceOf } from './sentence.ts';
import { logSuspicion } from './suspicion.ts';

/** Evidence never changes, and one look asks several times what it says. */
const known = new WeakMap<Evidence, { readonly settings: JudgeSettings; readonly reading: Reading }>();

/** The false alarm probability is split evenly among the metrics that gate; every one of them must pass. */
export function judge(evidence: Evidence, settings: JudgeSettings): Reading {
  const before = known.get(evidence);
  if (before?.settings === settings) return before.reading;
  const reading = read(evidence, settings);
  known.set(evidence, { settings, reading });
  return reading;
}

function read(evidence: Evidence, { falseAlarm, miss }: JudgeSettings): Reading {
  const { slow, hasStable } = evidence;
  const odds = { alpha: slow === null ? falseAlarm : falseAlarm / 2, beta: miss };
  const errors = readMetric(evidence.errors, evidence, odds);
  const slowReading: SlowReading | null =
    slow === null ? null : { ...readMetric(slow, evidence, odds), edge: slow.edge };
  const metrics = slowReading === null ? [errors] : [errors, slowReading];
  const worst = metrics.reduce((one, other) => (other.abort.log > one.abort.log ? other : one));
  const last = metrics.reduce((one, other) => (passLog(other) < passLog(one) ? other : one));
  const parts: Omit<Reading, 'verdict' | 'sentence'> = {
    against: hasStable ? 'stable' : 'slo',
    abort: worst.abort,
    promote: last.promote,
    slo: last.slo,
    p: Math.min(...metrics.map(({ p }) => p)),
    ratio: errors.ratio,
    totals: errors.totals,
    errors,
    slow: slowReading,
    replicas: evidence.replicas,
    sampleRatio: test(logSampleRatio(evidence.sampleRatio), SAMPLE_RATIO_ALARM),
    looks: evidence.looks,
  };
  const verdict = verdictOf(evidence, parts, metrics);
  return { ...parts, verdict, sentence: sentenceOf(verdict, parts, evidence) };
}

function readMetric(
  metric: MetricEvidence,
  { hasStable, begun }: Evidence,
  { alpha, beta }: { readonly alpha: number; readonly beta: number },
): MetricReading {
  const { totals, limit, strata } = metric;
  return {
    abort: test(logWorst(metric, begun), alpha),
    promote: test(hasStable ? logFine(metric.fine) : 0, beta),
    slo: test(logWithin(totals.candidate, limit), beta),
    limit,
    breach: {
      candidate: proven(test(logBreach(totals.candidate, limit), alpha)),
      stable: hasStable && proven(test(logBreach(totals.stable, limit), alpha)),
    },
    p: Math.exp(-metric.highest),
    ratio: hasStable ? ratioInterval(metric.ratio, alpha) : null,
    totals,
    platforms:
      strata === null
        ? null
        : Object.fromEntries(
            Object.entries(strata).map(([name, { worse }]) => [name, finiteExp(logSuspicion(worse, begun))]),
          ),
    error: metric.error,
  };
}

function verdictOf(
  evidence: Evidence,
  { sampleRatio }: Omit<Reading, 'verdict' | 'sentence'>,
  metrics: readonly MetricReading[],
): Verdict {
  if (metrics.some(({ abort }) => proven(abort))) return { kind: 'fail' };
  const error = evidence.error ?? metrics.find((metric) => metric.error !== null)?.error ?? null;
  if (error !== null) return { kind: 'error', message: error };
  if (evidence.totals.candidate.requests === 0) return { kind: 'inconclusive', reason: 'no-data' };
  if (proven(sampleRatio)) return { kind: 'inconclusive', reason: 'sample-ratio' };
  // As bad as a stable release that breaks the SLO itself is for a person to decide (section 9.10).
  if (metrics.some(bothBreach)) return { kind: 'inconclusive', reason: 'undecided' };
  return metrics.every(passes) ? { kind: 'pass' } : { kind: 'inconclusive', reason: 'undecided' };
}
