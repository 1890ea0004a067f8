/** What the judge remembers of one comparison: plain JSON below 4 kB, whatever the number of requests and looks. */

import type { JudgeSettings } from '../environment-spec.ts';
import { logBreach, type Sample } from './absolute.ts';
import { FINE_RATIOS, LOG_RATIOS, WORSE } from './grids.ts';
import { type Event, fineLogs, logWorse, worseLogs } from './relative.ts';

/** Requests, and how many of them were bad, of one look: differences, not totals. */
export type Counts = {
  readonly candidate: { readonly requests: number; readonly bad: number };
  readonly stable: { readonly requests: number; readonly bad: number };
};

export interface Evidence {
  /** Whether a stable release serves at the same time; else the SLO is all there is to compare with. */
  readonly hasStable: boolean;
  /** ρ₀, ρ₁ and the SLO for errors that the logarithms below belong to: fixed when the comparison begins. */
  readonly tolerate: number;
  readonly detect: number;
  readonly slo: number;
  /** ln of the likelihood ratio for each alternative of the abort test, against ρ₀. */
  readonly worse: readonly number[];
  /** … of the promote test, against ρ₁. */
  readonly fine: readonly number[];
  /** ln of the likelihood of each ratio of `LOG_RATIOS`, against 1. */
  readonly ratio: readonly number[];
  readonly totals: Counts;
  /** Looks that brought a request of either arm. */
  readonly looks: number;
  /** Highest ln e of the abort test at any look, at least 0: its inverse is the always-valid p. */
  readonly highest: number;
  /** Why the last snapshot of the counters could not be used; `null` when it could. */
  readonly error: string | null;
}

export function startEvidence(settings: JudgeSettings, hasStable: boolean): Evidence {
  const nothing = { requests: 0, bad: 0 };
  return {
    hasStable,
    tolerate: settings.tolerate,
    detect: settings.detect,
    slo: settings.slo.errors,
    worse: WORSE.map(() => 0),
    fine: FINE_RATIOS.map(() => 0),
    ratio: LOG_RATIOS.map(() => 0),
    totals: { candidate: nothing, stable: nothing },
    looks: 0,
    highest: 0,
    error: null,
  };
}

/**
 * Adds what one look has counted; the share of the candidate is the one observed in it. A look without a request
 * changes nothing but ends an `error`. @throws RangeError for counts that can't be (`countersSince` never gives such).
 */
export function addLook(evidence: Evidence, counts: Counts): Evidence {
  const { candidate, stable } = counts;
  assertPossible(candidate);
  assertPossible(stable);
  const requests = candidate.requests + stable.requests;
  if (requests === 0) return withError(evidence, null);
  const event: Event = { bad: candidate.bad, events: candidate.bad + stable.bad, q: candidate.requests / requests };
  const totals: Counts = {
    candidate: sum(evidence.totals.candidate, candidate),
    stable: sum(evidence.totals.stable, stable),
  };
  const counted: Evidence = { ...evidence, totals, looks: evidence.looks + 1, error: null };
  const compared = evidence.hasStable && event.events > 0 ? compare(counted, event) : counted;
  return { ...compared, highest: Math.max(evidence.highest, logAbort(compared)) };
}

/** Remembers that the last snapshot could not be used, or (`null`) that it could. */
export function withError(evidence: Evidence, error: string | null): Evidence {
  return evidence.error === error ? evidence : { ...evidence, error };
}

/** ln e of what may abort: the relative test, or without a stable release the mirror of the SLO test. */
export function logAbort(evidence: Evidence): number {
  return evidence.hasStable ? logWorse(evidence.worse) : logBreach(evidence.totals.candidate, evidence.slo);
}

function compare(evidence: Evidence, event: Event): Evidence {
  const { bad, events, q } = event;
  const ofRatio = (log: number): number => bad * log - events * Math.log(q * Math.exp(log) + 1 - q);
  return {
    ...evidence,
    worse: added(evidence.worse, worseLogs(event, evidence.tolerate)),
    fine: added(evidence.fine, fineLogs(event, evidence.detect)),
    ratio: added(evidence.ratio, LOG_RATIOS.map(ofRatio)),
  };
}

function added(logs: readonly number[], more: readonly number[]): readonly number[] {
  return logs.map((log, index) => log + (more[index] ?? 0));
}

function sum(one: Sample, other: Sample): Sample {
  return { requests: one.requests + other.requests, bad: one.bad + other.bad };
}

function assertPossible({ requests, bad }: Sample): void {
  if (Number.isFinite(requests) && bad >= 0 && bad <= requests) return;
  throw new RangeError(`${bad} bad of ${requests} requests can't be`);
}
