/** What the engine sees of the world: plain data, the same from every platform. */

import type { GateStatus } from './gate.ts';

/** Keyed by release number. A release that the platform does not run is absent. */
export interface Observation {
  readonly releases: Readonly<Record<number, ReleaseStatus>>;
  /** The split that requests really get now: shares that sum to 1; `{}` when nothing is exposed; `null` unknown. */
  readonly traffic: Readonly<Record<number, number>> | null;
  /** Raw cumulative counters, one row per replica that ever served; `null` when they can't be had now. */
  readonly counters: readonly CounterRow[] | null;
  /** What is known of the gate runs that were asked for, by id. One that is not named is not under way. */
  readonly gates: Readonly<Record<string, GateStatus>>;
}

export interface ReleaseStatus {
  /** How many replicas the platform has been told to run. */
  readonly desired: number;
  /** How many of them serve. */
  readonly ready: number;
  /** Restarts of its replicas so far. */
  readonly restarts: number;
  /** Why it can't become or stay ready by itself (crash loop, can't be loaded), in the platform's words; else `null`. */
  readonly failure: string | null;
  /** Requests it has accepted and not yet answered. */
  readonly inFlight: number;
}

/** Counters only grow while `epoch` stays; a new epoch starts again from zero (the counting process was restarted). */
export interface CounterRow {
  readonly release: number;
  readonly replica: string;
  readonly epoch: string;
  /** Why these requests came to this release. A replica has one row for each source that it ever served. */
  readonly source: RequestSource;
  /** The image platform that it runs, such as `linux/arm64`; `null` where there is only one. */
  readonly platform: string | null;
  readonly requests: number;
  /** 5xx answers, traps and time-outs together: what the judge calls bad. Never more than `requests`. */
  readonly errors: number;
  readonly traps: number;
  readonly timeouts: number;
  readonly latency: Latency;
  /** With affinity: the same counted by unit of assignment; `null` where requests are dealt one by one. */
  readonly units: UnitTally | null;
}

/**
 * `split`: dealt by the weights. `match`: asked for the candidate by their headers. `mirror`: copies whose answers
 * nobody sees. `direct`: sent to this one release by its own address (gates, people who look).
 */
export type RequestSource = 'split' | 'match' | 'mirror' | 'direct';

/** `counts[i]` requests took at most `edges[i]` milliseconds and more than the edge before; one more entry for the rest. */
export interface Latency {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/**
 * A unit is one key in one second: it counts once however many requests it sends, and once as bad if any of them was
 * (facts/rollouts.md section 9.9). Its latency is that of its slowest request.
 */
export interface UnitTally {
  readonly requests: number;
  readonly errors: number;
  readonly latency: Latency;
  /** Keys that were never seen before in this rollout. */
  readonly newKeys: number;
}

/** Upper edges of the latency buckets in milliseconds that every platform counts with; the last bucket has none. */
export const LATENCY_EDGES: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** The edges of one environment: the common ones and those that its service level objectives name, rising. */
export function latencyEdges(objectives: readonly number[]): readonly number[] {
  return [...new Set([...LATENCY_EDGES, ...objectives])].sort((a, b) => a - b);
}

/** A histogram in which nothing was counted yet. */
export function noLatency(edges: readonly number[] = LATENCY_EDGES): Latency {
  return { edges, counts: Array.from({ length: edges.length + 1 }, () => 0) };
}
