/** What is known of one metric, such as the errors, in both arms. */

import { breachLogs } from './absolute.ts';
import { addCounts, type ArmCounts, assertPossible, NOTHING } from './counts.ts';
import { FINE_RATIOS, LOG_RATIOS } from './grids.ts';
import { logWeightedSum } from './log-sum-exp.ts';
import { type Event, fineLogs, ratioLogs, worseLogs } from './relative.ts';
import { added, beginLater, logSuspicion, startSuspicion, suspect, type Suspicion } from './suspicion.ts';

export interface MetricEvidence {
  /** The share of bad requests that the SLO allows. */
  readonly limit: number;
  readonly totals: ArmCounts;
  /** Over all requests. */
  readonly worse: Suspicion;
  /** By image platform; `null` where platforms are not named. */
  readonly strata: Readonly<Record<string, Suspicion>> | null;
  /** For each of `FINE_RATIOS` the ln of its likelihood ratio to ρ₁. */
  readonly fine: readonly number[];
  /** ln of the likelihood of each ratio of `LOG_RATIOS`, against 1. */
  readonly ratio: readonly number[];
  /** Highest ln e of the abort test at any look, at least 0: its inverse is the always-valid p. */
  readonly highest: number;
  /** Why it could not be counted at the last look; `null` when it could. */
  readonly error: string | null;
}

/** What is the same for all metrics of a comparison. */
export interface Terms {
  readonly hasStable: boolean;
  /** ρ₀ and ρ₁. */
  readonly tolerate: number;
  readonly detect: number;
  /** Later tests that have begun (`suspicion.ts`). */
  readonly begun: number;
}

export function startMetric(limit: number): MetricEvidence {
  return {
    limit,
    totals: NOTHING,
    worse: startSuspicion(0),
    strata: null,
    fine: FINE_RATIOS.map(() => 0),
    ratio: LOG_RATIOS.map(() => 0),
    highest: 0,
    error: null,
  };
}

/** Begins the later test with this number in all parts. */
export function beginLaterTest(metric: MetricEvidence, number: number): MetricEvidence {
  const strata = metric.strata === null ? null : mapValues(metric.strata, (one) => beginLater(one, number));
  return { ...metric, worse: beginLater(metric.worse, number), strata };
}

/**
 * How many platforms get a test of their own, in the order in which they appear; fixed, so that it is known what each
 * may bet. Those that come later count in the test over all requests only.
 */
const MOST_STRATA = 4;

/** Platforms are named from the first look on, or never: what each test bets must not follow from what was counted. */
export type Strata = Readonly<Record<string, ArmCounts>> | null;

export function addToMetric(
  metric: MetricEvidence,
  look: { readonly counts: ArmCounts; readonly strata: Strata },
  terms: Terms,
): MetricEvidence {
  const { counts } = look;
  assertPossible(counts);
  const { candidate, stable } = counts;
  const requests = candidate.requests + stable.requests;
  const totals = addCounts(metric.totals, counts);
  const more = suspicionLogs(counts, metric.limit, terms);
  const worse = more === null ? metric.worse : suspect(metric.worse, more);
  const strata = look.strata === null ? metric.strata : addToStrata(metric, look.strata, terms);
  const event: Event = { bad: candidate.bad, events: candidate.bad + stable.bad, q: candidate.requests / requests };
  const compared = terms.hasStable && event.events > 0;
  const next: MetricEvidence = {
    ...metric,
    totals,
    worse,
    strata,
    fine: compared ? added(metric.fine, fineLogs(event, terms.detect)) : metric.fine,
    ratio: compared ? added(metric.ratio, ratioLogs(event)) : metric.ratio,
    error: null,
  };
  return { ...next, highest: Math.max(metric.highest, logWorst(next, terms.begun)) };
}

function addToStrata(metric: MetricEvidence, counts: NonNullable<Strata>, terms: Terms): MetricEvidence['strata'] {
  const strata: Record<string, Suspicion> = { ...metric.strata };
  for (const [platform, arms] of Object.entries(counts)) {
    const known = strata[platform] ?? (Object.keys(strata).length < MOST_STRATA ? startSuspicion(terms.begun) : null);
    if (known === null) continue;
    const more = suspicionLogs(arms, metric.limit, terms);
    strata[platform] = more === null ? known : suspect(known, more);
  }
  return strata;
}

/** The log likelihood ratios of what may abort: against stable, or without a stable release against the SLO. */
function suspicionLogs({ candidate, stable }: ArmCounts, limit: number, terms: Terms): readonly number[] | null {
  if (!terms.hasStable) return candidate.requests === 0 ? null : breachLogs(candidate, limit);
  const [events, requests] = [candidate.bad + stable.bad, candidate.requests + stable.requests];
  if (events === 0) return null;
  return worseLogs({ bad: candidate.bad, events, q: candidate.requests / requests }, terms.tolerate);
}

/**
 * ln e of what may abort. Where platforms are named, half is bet on all requests and half evenly on `MOST_STRATA`
 * platforms, of which those not seen yet are worth what was bet (facts/rollouts.md, trap T27): a mixture again, so α holds
 * for all of them together.
 */
export function logWorst({ worse, strata }: MetricEvidence, begun: number): number {
  const all = logSuspicion(worse, begun);
  if (strata === null) return all;
  const single = Object.values(strata).map((one) => logSuspicion(one, begun));
  const share = 1 / (2 * MOST_STRATA);
  return logWeightedSum(
    [all, ...single, 0],
    [1 / 2, ...single.map(() => share), share * (MOST_STRATA - single.length)],
  );
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
