/** From evidence to a verdict. Proven bad always wins; no data is neither good nor bad. The types are JSON: they are journalled. */

import type { JudgeSettings } from '../environment-spec.ts';
import { logBreach, logWithin } from './absolute.ts';
import { type Counts, type Evidence, logAbort } from './evidence.ts';
import { ratioInterval, type RatioInterval } from './interval.ts';
import { finiteExp } from './log-sum-exp.ts';
import { logFine } from './relative.ts';
import { sentenceOf } from './sentence.ts';

export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail' }
  | { readonly kind: 'inconclusive'; readonly reason: 'no-data' | 'undecided' }
  | { readonly kind: 'error'; readonly message: string };

/** An e-value, its natural logarithm, and what it must reach to prove. */
export type Test = {
  readonly e: number;
  readonly log: number;
  readonly bar: number;
};

export type Reading = {
  readonly verdict: Verdict;
  /** What the abort test compares the candidate with. */
  readonly against: 'stable' | 'slo';
  /** "The candidate is worse than that." */
  readonly abort: Test;
  /** "It fails less than `detect` times as often as stable." Nothing (1) without a stable release. */
  readonly promote: Test;
  /** "It is within the SLO." */
  readonly slo: Test;
  /** Whether each arm is proven to break the SLO. */
  readonly breach: { readonly candidate: boolean; readonly stable: boolean };
  /** Always-valid p of the abort test: the lowest 1/e of any look, at most 1. */
  readonly p: number;
  /** `null` without a stable release. */
  readonly ratio: RatioInterval | null;
  readonly totals: Counts;
  readonly looks: number;
  /** The verdict and what it rests on, in plain words. */
  readonly sentence: string;
};

/** `metrics`: how many metrics gate; the false alarm probability is split evenly among them. */
export function judge(evidence: Evidence, settings: JudgeSettings, metrics = 1): Reading {
  const { falseAlarm, miss } = settings;
  const { totals, slo, hasStable, highest, looks } = evidence;
  const alpha = falseAlarm / metrics;
  const parts = {
    against: hasStable ? ('stable' as const) : ('slo' as const),
    abort: test(logAbort(evidence), alpha),
    promote: test(hasStable ? logFine(evidence.fine) : 0, miss),
    slo: test(logWithin(totals.candidate, slo), miss),
    breach: {
      candidate: proven(test(logBreach(totals.candidate, slo), alpha)),
      stable: hasStable && proven(test(logBreach(totals.stable, slo), alpha)),
    },
    p: Math.exp(-highest),
    ratio: hasStable ? ratioInterval(evidence, alpha) : null,
    totals,
    looks,
  };
  const verdict = verdictOf(evidence, parts);
  return { ...parts, verdict, sentence: sentenceOf(verdict, parts, { slo, detect: evidence.detect }) };
}

function verdictOf(
  evidence: Evidence,
  { abort, promote, slo, breach }: Omit<Reading, 'verdict' | 'sentence'>,
): Verdict {
  if (proven(abort)) return { kind: 'fail' };
  if (evidence.error !== null) return { kind: 'error', message: evidence.error };
  if (evidence.totals.candidate.requests === 0) return { kind: 'inconclusive', reason: 'no-data' };
  // As bad as a stable release that breaks the SLO itself is for a person to decide (section 9.10).
  if (breach.candidate && breach.stable) return { kind: 'inconclusive', reason: 'undecided' };
  if (proven(promote) || proven(slo)) return { kind: 'pass' };
  return { kind: 'inconclusive', reason: 'undecided' };
}

function test(log: number, errorProbability: number): Test {
  return { e: finiteExp(log), log, bar: 1 / errorProbability };
}

/** Compared in the logarithm, where nothing overflows. */
function proven({ log, bar }: Test): boolean {
  return log >= Math.log(bar);
}
