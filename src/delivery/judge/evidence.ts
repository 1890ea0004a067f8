/** What the judge remembers of one comparison: plain JSON below 12 kB, whatever the number of requests and looks. */

import type { JudgeSettings } from '../environment-spec.ts';
import { type ArmCounts, type Counts, NOTHING } from './counts.ts';
import {
  addToMetric,
  beginLaterTest,
  type MetricEvidence,
  type MetricLook,
  startMetric,
  type Terms,
} from './metric.ts';
import { addReplicas, type ReplicaTotals } from './replica-totals.ts';
import { addNewKeys, type SampleRatio } from './sample-ratio.ts';

export interface Evidence extends Terms {
  readonly errors: MetricEvidence;
  /** Requests slower than the objective, of which 1 % may be; `null` without an objective. */
  readonly slow: (MetricEvidence & { readonly edge: number }) | null;
  /** Those of `errors`: every request that was counted. */
  readonly totals: ArmCounts;
  /** What each replica of the candidate contributed, where there are several. */
  readonly replicas: ReplicaTotals;
  /** With affinity: how new keys were dealt; `null` before there were any. */
  readonly sampleRatio: SampleRatio | null;
  /** Looks that brought a request of either arm. */
  readonly looks: number;
  /** Engine time of the last of them, of the first that brought a request of the candidate, and of the last later test. */
  readonly lookedAt: number | null;
  readonly exposedAt: number | null;
  readonly begunAt: number | null;
  /** Why the last snapshot of the counters could not be used; `null` when it could. */
  readonly error: string | null;
}

/** Cold caches and compilers make the first requests slow; errors count from the first one (section 9.9). */
const BURN_IN = 10_000;

/** How far apart later tests begin, in milliseconds. */
const LATER_EVERY = 60_000;

/** The share of slow requests that an objective for the 99th percentile allows. */
const SLOW_LIMIT = 0.01;

/** `settings` for ρ₀, ρ₁ and the SLO are fixed here; `hasStable`: whether a stable release serves at the same time. */
export function startEvidence(settings: JudgeSettings, hasStable: boolean): Evidence {
  const { tolerate, detect, slo } = settings;
  return {
    hasStable,
    tolerate,
    detect,
    begun: 0,
    errors: startMetric(slo.errors),
    slow: slo.p99 === null ? null : { ...startMetric(SLOW_LIMIT), edge: slo.p99 },
    totals: NOTHING,
    replicas: {},
    sampleRatio: null,
    looks: 0,
    lookedAt: null,
    exposedAt: null,
    begunAt: null,
    error: null,
  };
}

/**
 * The evidence with which a retry goes on: nothing is forgotten, but the candidate starts cold again. Settings that ask
 * another question begin a comparison of their own.
 */
export function continueEvidence(evidence: Evidence, settings: JudgeSettings): Evidence {
  const asked = startEvidence(settings, evidence.hasStable);
  const same =
    asked.tolerate === evidence.tolerate &&
    asked.detect === evidence.detect &&
    asked.errors.limit === evidence.errors.limit &&
    asked.slow?.edge === evidence.slow?.edge;
  return same ? { ...evidence, exposedAt: null } : asked;
}

/**
 * Adds what one look at the engine time `at` has counted since the one before; the share of the candidate is the one
 * observed in it. A look without a request changes nothing but ends an `error`. @throws RangeError for counts that can't
 * be (`countersSince` never gives such).
 */
export function addLook(evidence: Evidence, counts: Counts, at: number): Evidence {
  if (counts.candidate.requests + counts.stable.requests === 0) return withError(evidence, null);
  const ready = withLaterTest(evidence);
  const errors = addToMetric(ready.errors, lookOf(ready, counts, { metric: 'errors', arms: counts }), ready);
  return {
    ...ready,
    errors,
    slow: addSlow(ready, counts),
    totals: errors.totals,
    replicas: counts.replicas === undefined ? ready.replicas : addReplicas(ready.replicas, counts.replicas),
    sampleRatio: addKeys(ready.sampleRatio, counts),
    looks: ready.looks + 1,
    lookedAt: at,
    exposedAt: ready.exposedAt ?? (counts.candidate.requests > 0 ? at : null),
    begunAt: ready.begunAt ?? at,
    error: null,
  };
}

/** Remembers that the last snapshot could not be used, or (`null`) that it could. */
export function withError(evidence: Evidence, error: string | null): Evidence {
  return evidence.error === error ? evidence : { ...evidence, error };
}

/** Begins a later test when one is due: at the time of the last look, so that this one's counts have no say in it. */
function withLaterTest(evidence: Evidence): Evidence {
  const { lookedAt, begunAt, begun, errors, slow } = evidence;
  if (lookedAt === null || begunAt === null || lookedAt - begunAt < LATER_EVERY) return evidence;
  const number = begun + 1;
  return {
    ...evidence,
    begun: number,
    begunAt: lookedAt,
    errors: beginLaterTest(errors, number),
    slow: slow === null ? null : { ...beginLaterTest(slow, number), edge: slow.edge },
  };
}

/** Slow requests count when all of this look lies behind the burn-in. */
function addSlow(evidence: Evidence, counts: Counts): Evidence['slow'] {
  const { slow, exposedAt, lookedAt } = evidence;
  if (slow === null) return null;
  if (counts.untimed !== undefined) return { ...slow, error: counts.untimed };
  const warm = exposedAt !== null && (lookedAt ?? 0) - exposedAt >= BURN_IN;
  if (counts.slow === undefined || !warm) return { ...slow, error: null };
  const look = lookOf(evidence, counts, { metric: 'slow', arms: counts.slow });
  const next = addToMetric(slow, look, evidence);
  return { ...next, edge: slow.edge };
}

function addKeys(sampleRatio: SampleRatio | null, { newKeys, share }: Counts): SampleRatio | null {
  return newKeys === undefined || share === undefined
    ? sampleRatio
    : addNewKeys(sampleRatio, { ...newKeys, weight: share });
}

/** What a look says of one metric; platforms only when they were named at the first look. */
function lookOf(
  { looks, errors }: Evidence,
  { platforms, share }: Counts,
  { metric, arms }: { readonly metric: 'errors' | 'slow'; readonly arms: ArmCounts },
): MetricLook {
  const look = { counts: arms, share: share ?? null };
  const named = looks === 0 ? platforms !== undefined : errors.strata !== null;
  if (!named) return { ...look, strata: null };
  const strata: Record<string, ArmCounts> = {};
  for (const [platform, counts] of Object.entries(platforms ?? {})) {
    const own = counts[metric];
    if (own !== undefined) strata[platform] = own;
  }
  return { ...look, strata };
}
