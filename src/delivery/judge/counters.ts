/**
 * From raw cumulative counters to what was counted since the last look, per arm. A counter that starts again (a new
 * epoch) is counted from zero, a replica that vanishes keeps its last value (facts/rollouts.md, trap T5); no window and
 * no rate is ever involved (T4).
 */

import type { CounterRow } from '../observation.ts';
import type { Counts } from './evidence.ts';

/** The counters at the last look. */
export interface CounterBaseline {
  /** `release|replica` → value. */
  readonly [replica: string]: { readonly epoch: string; readonly requests: number; readonly errors: number };
}

/** Which releases are compared. */
export interface Arms {
  readonly candidate: number;
  readonly stable: number | null;
}

export type CounterReading =
  | { readonly kind: 'counted'; readonly counts: Counts; readonly baseline: CounterBaseline }
  /** The snapshot can't be trusted: nothing of it is counted and the old baseline stays, so that nothing is lost either. */
  | { readonly kind: 'error'; readonly message: string };

/** Rows of other releases are passed over. With no baseline nothing is counted: the rows become the baseline. */
export function countersSince(
  baseline: CounterBaseline | null,
  rows: readonly CounterRow[],
  arms: Arms,
): CounterReading {
  const known = Object.keys(baseline ?? {}).length;
  if (known > 0 && !rows.some(({ release }) => release === arms.candidate || release === arms.stable)) {
    // One replica may vanish; all of them at once is a source that has lost its data (trap T1).
    return { kind: 'error', message: `not one of the ${known} replicas that were counted before is there` };
  }
  const next: Record<string, CounterBaseline[string]> = { ...baseline };
  const counts = { candidate: { requests: 0, bad: 0 }, stable: { requests: 0, bad: 0 } };
  for (const row of rows) {
    const arm = row.release === arms.candidate ? 'candidate' : row.release === arms.stable ? 'stable' : null;
    if (arm === null) continue;
    const key = `${row.release}|${row.replica}`;
    const before = baseline?.[key];
    const from = before?.epoch === row.epoch ? before : { requests: 0, errors: 0 };
    const message = complaint(row, from);
    if (message !== null) return { kind: 'error', message };
    next[key] = { epoch: row.epoch, requests: row.requests, errors: row.errors };
    if (baseline === null) continue;
    counts[arm].requests += row.requests - from.requests;
    counts[arm].bad += row.errors - from.errors;
  }
  return { kind: 'counted', counts, baseline: next };
}

/** Why a row can't be, or `null`. */
function complaint(row: CounterRow, before: { readonly requests: number; readonly errors: number }): string | null {
  const { replica, requests, errors } = row;
  const say = (what: string): string => `replica ${replica} of #${row.release} reports ${what}`;
  for (const [name, value] of Object.entries({ requests, errors })) {
    if (!Number.isFinite(value) || value < 0) return say(`${value} ${name}`);
  }
  if (errors > requests) return say(`${errors} errors in ${requests} requests`);
  if (requests < before.requests) return say(`${requests} requests after ${before.requests}`);
  if (errors < before.errors) return say(`${errors} errors after ${before.errors}`);
  const [more, bad] = [requests - before.requests, errors - before.errors];
  return bad > more ? say(`${bad} new errors in ${more} new requests`) : null;
}
