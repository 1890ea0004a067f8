/** What a rehearsal tells: the shape of `slipway rehearse --json`. Times are milliseconds after the start. */

import type { Outcome, PauseReason, Phase } from '../engine-state.ts';

export interface RehearsalResult {
  /** Every expectation and every invariant held. */
  readonly ok: boolean;
  /** One row for every change. */
  readonly timeline: readonly TimelineRow[];
  readonly decisions: readonly DecisionRow[];
  readonly failures: readonly Failure[];
  readonly rollouts: readonly RehearsedRollout[];
  readonly users: {
    readonly requests: number;
    readonly errors: number;
    /** Requests that came while nothing was exposed. */
    readonly unserved: number;
    /** How often any one key has changed its release within one rollout, at most. */
    readonly mostMoves: number;
    readonly byRelease: Readonly<Record<string, { readonly requests: number; readonly errors: number }>>;
  };
}

/** Release names to the share of the requests in force, and to the number of ready replicas. */
export interface TimelineRow {
  readonly at: number;
  readonly phase: Phase;
  readonly reason: PauseReason | null;
  readonly step: number | null;
  readonly traffic: Readonly<Record<string, number>>;
  readonly ready: Readonly<Record<string, number>>;
}

export interface DecisionRow {
  readonly at: number;
  /** `started`, `10%`, `smoke passed`, `approved`, `paused: step`, `resumed`, an outcome, `guard passed`, `refused`. */
  readonly decision: string;
  readonly because: string;
  /** What the judge knew; `null` before its first look. */
  readonly evidence: DecisionEvidence | null;
}

export interface DecisionEvidence {
  readonly verdict: string;
  /** e-values of the abort, the promote and the SLO test. */
  readonly abort: number;
  readonly promote: number;
  readonly slo: number;
}

export interface Failure {
  readonly at: number;
  readonly message: string;
}

/** A rollout that has ended. */
export interface RehearsedRollout {
  readonly candidate: string;
  readonly outcome: Outcome;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly because: string;
}
