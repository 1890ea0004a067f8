/** What is known of one metric, such as the errors, in both arms. */

import { breachLogs } from './absolute.ts';
import { addToBlock, type Block, EMPTY } from './block.ts';
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
  readonly all: Stratum;
  /** By image platform; `null` where platforms are not named. */
  readonly strata: Readonly<Record<string, Stratum>> | null;
  /** For each of `FINE_RATIOS` the ln of its likelihood ratio to ρ₁. */
  readonly fine: readonly number[];
  /** ln of the likelihood of each ratio of `LOG_RATIOS`, against 1. */
  readonly ratio: readonly number[];
  /** Highest ln e of the abort test at any look, at least 0: its inverse is the always-valid p. */
  readonly highest: number;
  /** Why it could not be counted at the last look; `null` when it could. */
  readonly error: string | null;
}

/** Requests with an abort test of their own. */
export interface Stratum {
  readonly worse: Suspicion;
  readonly block: Block;
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

/** What one look has counted of a metric. */
export interface MetricLook {
  readonly counts: ArmCounts;
  /**
   * By image platform. They are named from the first look on, or never (`null`): what each test bets must not follow
   * from what was counted.
   */
  readonly strata: Readonly<Record<string, ArmCounts>> | null;
  /** The candidate's share of the requests in force; `null` when unknown. */
  readonly share: number | null;
}

export function startMetric(limit: number): MetricEvidence {
  return {
    limit,
    totals: NOTHING,
    all: { worse: startSuspicion(0), block: EMPTY },
    strata: null,
    fine: FINE_RATIOS.map(() => 0),
    ratio: LOG_RATIOS.map(() => 0),
    highest: 0,
    error: null,
  };
}

/** Begins the later test with this number in all strata. */
export function beginLaterTest(metric: MetricEvidence, number: number): MetricEvidence {
  const begin = (stratum: Stratum): Stratum => ({ ...stratum, worse: beginLater(stratum.worse, number) });
  const { all, strata } = metric;
  const begun = strata === null ? null : Object.entries(strata).map(([name, one]) => [name, begin(one)] as const);
  return { ...metric, all: begin(all), strata: begun === null ? null : Object.fromEntries(begun) };
}

/**
 * How many platforms get a test of their own, in the order in which they appear; fixed, so that it is known what each
 * may bet. Those that come later count in the test over all requests only.
 */
const MOST_STRATA = 3;

export function addToMetric(metric: MetricEvidence, look: MetricLook, terms: Terms): MetricEvidence {
  assertPossible(look.counts);
  const { stratum: all, event } = addToStratum(metric.all, look, { ...terms, limit: metric.limit });
  const next: MetricEvidence = {
    ...metric,
    totals: addCounts(metric.totals, look.counts),
    all,
    strata: look.strata === null ? metric.strata : addToStrata(metric, look, terms),
    fine: event === null ? metric.fine : added(metric.fine, fineLogs(event, terms.detect)),
    ratio: event === null ? metric.ratio : added(metric.ratio, ratioLogs(event)),
    error: null,
  };
  return { ...next, highest: Math.max(metric.highest, logWorst(next, terms.begun)) };
}

function addToStrata(metric: MetricEvidence, look: MetricLook, terms: Terms): MetricEvidence['strata'] {
  const strata: Record<string, Stratum> = { ...metric.strata };
  for (const [platform, counts] of Object.entries(look.strata ?? {})) {
    const room = Object.keys(strata).length < MOST_STRATA;
    const stratum = strata[platform] ?? (room ? { worse: startSuspicion(terms.begun), block: EMPTY } : null);
    if (stratum === null) continue;
    strata[platform] = addToStratum(stratum, { ...look, counts }, { ...terms, limit: metric.limit }).stratum;
  }
  return strata;
}

/** `event`: the bad requests that were compared; `null` when there were none. Without a stable release the SLO is all. */
function addToStratum(
  { worse, block }: Stratum,
  { counts, share }: Pick<MetricLook, 'counts' | 'share'>,
  { hasStable, tolerate, limit }: Terms & { readonly limit: number },
): { readonly stratum: Stratum; readonly event: Event | null } {
  if (!hasStable) {
    const idle = counts.candidate.requests === 0;
    return {
      stratum: { worse: idle ? worse : suspect(worse, breachLogs(counts.candidate, limit)), block },
      event: null,
    };
  }
  const { block: next, complete } = addToBlock(block, counts, share);
  const event = complete === null ? null : eventOf(complete);
  return {
    stratum: { worse: event === null ? worse : suspect(worse, worseLogs(event, tolerate)), block: next },
    event,
  };
}

function eventOf({ candidate, stable }: ArmCounts): Event | null {
  const events = candidate.bad + stable.bad;
  const q = candidate.requests / (candidate.requests + stable.requests);
  return events === 0 ? null : { bad: candidate.bad, events, q };
}

/**
 * ln e of what may abort. Where platforms are named, half is bet on all requests and half evenly on `MOST_STRATA`
 * platforms, of which those not seen yet are worth what was bet (facts/rollouts.md, trap T27): a mixture again, so α holds
 * for all of them together.
 */
export function logWorst({ all, strata }: MetricEvidence, begun: number): number {
  const whole = logSuspicion(all.worse, begun);
  if (strata === null) return whole;
  const single = Object.values(strata).map(({ worse }) => logSuspicion(worse, begun));
  const share = 1 / (2 * MOST_STRATA);
  const unseen = share * (MOST_STRATA - single.length);
  return logWeightedSum([whole, ...single, 0], [1 / 2, ...single.map(() => share), unseen]);
}
