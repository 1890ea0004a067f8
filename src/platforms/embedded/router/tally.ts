/** What is counted of one replica for one source of requests: plain numbers that only grow. */

import type { CounterRow, RequestSource } from '../../../delivery/index.ts';

/** How one request ended. The first five are the release's fault. */
export type RequestOutcome =
  | 'error'
  | 'trap'
  | 'out-of-memory'
  | 'timeout'
  | 'unavailable'
  | 'ok'
  | 'client-gone'
  | 'client-slow';

export interface Tally {
  /** Changes when the edges do: then all of it starts from zero. */
  readonly epoch: string;
  readonly edges: readonly number[];
  requests: number;
  errors: number;
  traps: number;
  timeouts: number;
  readonly latency: number[];
  /** The same by unit of assignment; stays empty where requests are dealt one by one. */
  readonly units: { requests: number; errors: number; readonly latency: number[]; newKeys: number };
}

export function createTally(edges: readonly number[], epoch: string): Tally {
  const buckets = (): number[] => Array<number>(edges.length + 1).fill(0);
  return {
    epoch,
    edges,
    requests: 0,
    errors: 0,
    traps: 0,
    timeouts: 0,
    latency: buckets(),
    units: { requests: 0, errors: 0, latency: buckets(), newKeys: 0 },
  };
}

/** Counts one request that has ended, exactly once. */
export function countRequest(tally: Tally, outcome: RequestOutcome, milliseconds: number): void {
  tally.requests += 1;
  if (isBad(outcome)) tally.errors += 1;
  if (outcome === 'trap' || outcome === 'out-of-memory') tally.traps += 1;
  if (outcome === 'timeout') tally.timeouts += 1;
  countLatency(tally.latency, tally.edges, milliseconds);
}

/** Counts one unit whose second is over; `milliseconds` is the time of its slowest request. */
export function countUnit({ units, edges }: Tally, bad: boolean, milliseconds: number): void {
  units.requests += 1;
  if (bad) units.errors += 1;
  countLatency(units.latency, edges, milliseconds);
}

export function isBad(outcome: RequestOutcome): boolean {
  return outcome !== 'ok' && outcome !== 'client-gone' && outcome !== 'client-slow';
}

export interface RowOrigin {
  readonly release: number;
  readonly replica: string;
  readonly source: RequestSource;
  /** Whether units are counted for these requests. */
  readonly byUnit: boolean;
}

export function rowOf(tally: Tally, { release, replica, source, byUnit }: RowOrigin): CounterRow {
  const { epoch, edges, requests, errors, traps, timeouts, latency, units } = tally;
  const { newKeys } = units;
  const counted = {
    requests: units.requests,
    errors: units.errors,
    latency: { edges, counts: [...units.latency] },
    newKeys,
  };
  return {
    release,
    replica,
    epoch,
    source,
    platform: null,
    requests,
    errors,
    traps,
    timeouts,
    latency: { edges, counts: [...latency] },
    units: byUnit ? counted : null,
  };
}

function countLatency(counts: number[], edges: readonly number[], milliseconds: number): void {
  let bucket = 0;
  while (milliseconds > (edges[bucket] ?? Infinity)) bucket += 1;
  counts[bucket] = (counts[bucket] ?? 0) + 1;
}
