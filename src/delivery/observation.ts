/** What the engine sees of the world: plain data, the same from every platform. */

/** Keyed by release number. A release that the platform does not run is absent. */
export interface Observation {
  readonly releases: Readonly<Record<number, ReleaseStatus>>;
  /** The split that requests really get now: shares that sum to 1; `{}` when nothing is exposed; `null` unknown. */
  readonly traffic: Readonly<Record<number, number>> | null;
  /** Raw cumulative counters, one row per replica that ever served; `null` when they can't be had now. */
  readonly counters: readonly CounterRow[] | null;
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
  readonly requests: number;
  /** 5xx answers, traps and time-outs together: what the judge calls bad. Never more than `requests`. */
  readonly errors: number;
  readonly traps: number;
  readonly timeouts: number;
  /** Requests with a latency of at most `LATENCY_EDGES[i]` and above the edge before; one more entry for the rest. */
  readonly latency: readonly number[];
}

/** Upper edges of the latency buckets in milliseconds; the last bucket has none. */
export const LATENCY_EDGES: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
