/** What the judge has to say. The types are JSON: they are journalled. */

import type { ArmCounts } from './counts.ts';
import type { RatioInterval } from './interval.ts';
import type { ReplicaTotals } from './replica-totals.ts';

export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail' }
  /** `sample-ratio`: the arms have different users, so their comparison means nothing. */
  | { readonly kind: 'inconclusive'; readonly reason: 'no-data' | 'undecided' | 'sample-ratio' }
  | { readonly kind: 'error'; readonly message: string };

/** An e-value, its natural logarithm, and what it must reach to prove. */
export type Test = {
  readonly e: number;
  readonly log: number;
  readonly bar: number;
};

/** One metric. */
export type MetricReading = {
  /** "The candidate is worse than that." */
  readonly abort: Test;
  /** "It is bad less than `detect` times as often as stable." Nothing (1) without a stable release. */
  readonly promote: Test;
  /** "It is within the SLO." */
  readonly slo: Test;
  /** The share of bad requests that the SLO allows. */
  readonly limit: number;
  /** Whether each arm is proven to break the SLO. */
  readonly breach: { readonly candidate: boolean; readonly stable: boolean };
  /** Always-valid p of the abort test: the lowest 1/e of any look, at most 1. */
  readonly p: number;
  /** `null` without a stable release. Over the whole comparison, so a late regression may lie outside. */
  readonly ratio: RatioInterval | null;
  readonly totals: ArmCounts;
  /** e-value of each image platform; `null` where they are not named. */
  readonly platforms: Readonly<Record<string, number>> | null;
  readonly error: string | null;
};

export type SlowReading = MetricReading & {
  /** Milliseconds above which a request is slow. */
  readonly edge: number;
};

export type Reading = {
  readonly verdict: Verdict;
  /** What the abort test compares the candidate with. */
  readonly against: 'stable' | 'slo';
  /** Of the metric that is nearest to an abort. */
  readonly abort: Test;
  /** … and of the one that is furthest from a pass. */
  readonly promote: Test;
  readonly slo: Test;
  /** The lowest of any metric. */
  readonly p: number;
  /** Of the errors. */
  readonly ratio: RatioInterval | null;
  readonly totals: ArmCounts;
  /** All metrics that gate. */
  readonly errors: MetricReading;
  readonly slow: SlowReading | null;
  /** Requests and errors of each candidate replica, where there are several. */
  readonly replicas: ReplicaTotals;
  /** "The keys are not dealt by the weights." Nothing (1) without affinity. */
  readonly sampleRatio: Test;
  readonly looks: number;
  /** The verdict and what it rests on, in plain words. */
  readonly sentence: string;
};
