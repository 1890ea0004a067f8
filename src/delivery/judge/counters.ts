/**
 * From raw cumulative counters to what was counted since the last look, per arm. A counter that starts again (a new
 * epoch) is counted from zero, a row that vanishes keeps its last value (facts/rollouts.md, trap T5); no window and no
 * rate is ever involved (T4).
 */

import type { CounterRow, Latency, RequestSource } from '../observation.ts';
import type { Counts } from './counts.ts';
import { createCounting } from './counting.ts';

/** The counters at the last look. */
export interface CounterBaseline {
  /** `release|replica|source` → values. */
  readonly rows: Readonly<Record<string, CounterValues>>;
  /** The candidate's share of the requests in force then; `null` when unknown. */
  readonly share: number | null;
}

/** What is judged of a row: units where it has them, else requests. */
export interface CounterValues {
  readonly epoch: string;
  readonly requests: number;
  readonly errors: number;
  /** Only with an objective for latency. */
  readonly slow?: number;
  /** Only with affinity. */
  readonly newKeys?: number;
}

export interface CountingPlan {
  readonly candidate: number;
  /** `null` where nothing serves beside the candidate. */
  readonly stable: number | null;
  /** Requests that count: what users sent, and where it is asked for what a gate sent. */
  readonly sources: readonly RequestSource[];
  /** Milliseconds above which a request is slow; `null` without an objective. */
  readonly edge: number | null;
  /** The candidate's share of the requests in force now; `null` when unknown. */
  readonly share: number | null;
}

export type CounterReading =
  | { readonly kind: 'counted'; readonly counts: Counts; readonly baseline: CounterBaseline }
  /** The snapshot can't be trusted: nothing of it is counted and the old baseline stays, so that nothing is lost either. */
  | { readonly kind: 'error'; readonly message: string };

/** Rows of other releases are passed over. With no baseline nothing is counted: the rows become the baseline. */
export function countersSince(
  baseline: CounterBaseline | null,
  rows: readonly CounterRow[],
  plan: CountingPlan,
): CounterReading {
  const counting = createCounting(plan, baseline?.share === plan.share);
  const next: Record<string, CounterValues> = { ...baseline?.rows };
  const sticky = rows.some(({ units }) => units !== null);
  let seen = 0;
  for (const row of rows) {
    const arm = row.release === plan.candidate ? 'candidate' : row.release === plan.stable ? 'stable' : null;
    if (arm === null) continue;
    const counted = plan.sources.includes(row.source) && comparable(row, sticky);
    if (counted) seen += 1;
    const now = valuesOf(row, plan.edge);
    const key = `${row.release}|${row.replica}|${row.source}`;
    const last = baseline?.rows[key];
    const before = last?.epoch === now.epoch ? last : ZERO;
    const message = complaint(row, now, before);
    if (message !== null) return { kind: 'error', message };
    next[key] = now;
    if (baseline !== null && counted) counting.add({ row, arm, now, before });
  }
  const lost = seen === 0 ? knownReplicas(baseline, plan) : 0;
  if (lost > 0) {
    // One replica may vanish; all of them at once is a source that has lost its data (trap T1).
    return { kind: 'error', message: `not one of the ${lost} replicas that were counted before is there` };
  }
  return { kind: 'counted', counts: counting.counts(), baseline: { rows: next, share: plan.share } };
}

const ZERO: CounterValues = { epoch: '', requests: 0, errors: 0, slow: 0, newKeys: 0 };

/** Both arms are counted in the same unit: a copy of which only the requests are known says nothing beside units. */
function comparable({ units, source }: CounterRow, sticky: boolean): boolean {
  return units !== null || !sticky || source === 'direct';
}

function valuesOf({ epoch, requests, errors, latency, units }: CounterRow, edge: number | null): CounterValues {
  const counted = units ?? { requests, errors };
  const slow = edge === null ? null : slowerThan(edge, units?.latency ?? latency);
  return {
    epoch,
    requests: counted.requests,
    errors: counted.errors,
    ...(slow === null ? {} : { slow }),
    ...(units === null ? {} : { newKeys: units.newKeys }),
  };
}

/** How many took longer; `null` when the histogram has no such edge. */
function slowerThan(edge: number, { edges, counts }: Latency): number | null {
  const index = edges.indexOf(edge);
  if (index < 0) return null;
  let slow = 0;
  for (let bucket = index + 1; bucket < counts.length; bucket += 1) slow += counts[bucket] ?? 0;
  return slow;
}

function knownReplicas(baseline: CounterBaseline | null, { candidate, stable, sources }: CountingPlan): number {
  const known = Object.keys(baseline?.rows ?? {}).filter((key) => {
    const release = Number(key.slice(0, key.indexOf('|')));
    const source = key.slice(key.lastIndexOf('|') + 1);
    return (release === candidate || release === stable) && sources.some((one) => one === source);
  });
  return new Set(known.map((key) => key.slice(0, key.lastIndexOf('|')))).size;
}

/** Why a row can't be, or `null`. */
function complaint(row: CounterRow, now: CounterValues, before: CounterValues): string | null {
  const say = (what: string): string => `replica ${row.replica} of #${row.release} reports ${what}`;
  const { requests, errors, slow = 0, newKeys = 0 } = now;
  for (const [name, value] of Object.entries({ requests, errors, 'slow requests': slow, 'new keys': newKeys })) {
    if (!Number.isFinite(value) || value < 0) return say(`${value} ${name}`);
  }
  if (errors > requests) return say(`${errors} errors in ${requests} requests`);
  const more = {
    requests: requests - before.requests,
    errors: errors - before.errors,
    slow: slow - (before.slow ?? slow),
    newKeys: newKeys - (before.newKeys ?? newKeys),
  };
  if (more.requests < 0) return say(`${requests} requests after ${before.requests}`);
  if (more.errors < 0) return say(`${errors} errors after ${before.errors}`);
  if (more.slow < 0) return say(`${slow} slow requests after ${before.slow ?? 0}`);
  if (more.newKeys < 0) return say(`${newKeys} new keys after ${before.newKeys ?? 0}`);
  if (more.errors > more.requests) return say(`${more.errors} new errors in ${more.requests} new requests`);
  return more.slow > more.requests ? say(`${more.slow} new slow requests in ${more.requests} new requests`) : null;
}
