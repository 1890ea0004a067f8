/** What the load generator is told and what it says, and how it sums latencies up. */

export interface LoadOrder {
  /** `http://127.0.0.1:7878/path`. */
  readonly url: string;
  /** The `Host` of every request. */
  readonly host: string;
  /** Requests per second: a whole number. */
  readonly rate: number;
  /** Seconds. */
  readonly seconds: number;
  readonly connections: number;
}

export interface LoadReport {
  readonly answered: number;
  /** Answers of each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests without an answer: the connection broke, or it took too long. */
  readonly unanswered: number;
  /** Whether there was always somebody at the address. */
  readonly reachable: boolean;
  /** Why the first of them was not answered; `null` when there is none. */
  readonly complaint: string | null;
  /** Milliseconds, corrected; `null` when nothing was answered. */
  readonly p99: number | null;
  readonly p50: number | null;
}

/** Latencies of requests that were to be sent at a fixed rate, by one connection each. */
export interface LatencyTally {
  add(milliseconds: number): void;
  /** `share` of all lie at or below it; `null` when there is none. */
  quantile(share: number): number | null;
}

/**
 * A connection waits for an answer before it asks again, so while one is late the requests that were due are not sent
 * and would not be counted ("coordinated omission", Gil Tene). As HdrHistogram does, each late answer also stands for
 * those: it is counted again less one interval, less two, and so on, while that is at least an interval.
 *
 * @param interval milliseconds between two requests of one connection
 */
export function createLatencyTally(interval: number): LatencyTally {
  const latencies: number[] = [];
  return {
    add(milliseconds) {
      latencies.push(milliseconds);
      for (let missed = milliseconds - interval; missed >= interval; missed -= interval) latencies.push(missed);
    },
    quantile(share) {
      const sorted = [...latencies].sort((a, b) => a - b);
      return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
    },
  };
}
