/**
 * What a replica counts of its requests, in memory that its threads share: the thread that serves counts, and when a request
 * makes it hang, the watchdog counts that one.
 */

/** How a request ended. `trap`: the guest was ended, for want of memory too; `timeout`: it ran longer than it may. */
export const OUTCOMES = ['ok', 'error', 'trap', 'timeout'] as const;
export type CountedOutcome = (typeof OUTCOMES)[number];

/** Plain numbers that only grow. */
export interface Counted {
  /** Wall time in seconds at which all of them were zero. */
  readonly since: number;
  readonly requests: Readonly<Record<CountedOutcome, number>>;
  /** Upper edges in milliseconds. */
  readonly edges: readonly number[];
  /** One for each edge (not cumulative) and one for the rest. */
  readonly latency: readonly number[];
  /** Milliseconds, of all requests. */
  readonly sum: number;
}

/** The same memory in another thread: `attachCounters` makes counters of it. */
export interface SharedCounters {
  readonly since: number;
  readonly edges: readonly number[];
  readonly values: SharedArrayBuffer;
}

/** One thread counts at a time. */
export interface RequestCounters {
  readonly shared: SharedCounters;
  count(outcome: CountedOutcome, milliseconds: number): void;
  read(): Counted;
}

/** Goes on from what was counted before. */
export function createCounters({ since, edges, requests, latency, sum }: Counted): RequestCounters {
  const start = [...OUTCOMES.map((outcome) => requests[outcome]), sum, ...latency];
  const values = new SharedArrayBuffer(start.length * Float64Array.BYTES_PER_ELEMENT);
  new Float64Array(values).set(start);
  return attachCounters({ since, edges, values });
}

export function attachCounters(shared: SharedCounters): RequestCounters {
  const { since, edges } = shared;
  const values = new Float64Array(shared.values);
  const add = (place: number, more: number): void => void (values[place] = (values[place] ?? 0) + more);
  const at = (place: number): number => values[place] ?? 0;
  const sum = OUTCOMES.length;
  return {
    shared,
    count(outcome, milliseconds) {
      let bucket = 0;
      while (milliseconds > (edges[bucket] ?? Infinity)) bucket += 1;
      add(OUTCOMES.indexOf(outcome), 1);
      add(sum, milliseconds);
      add(sum + 1 + bucket, 1);
    },
    read: () => ({
      since,
      requests: { ok: at(0), error: at(1), trap: at(2), timeout: at(3) },
      edges,
      latency: [...values.subarray(sum + 1)],
      sum: at(sum),
    }),
  };
}

export function nothingCounted(edges: readonly number[], since: number): Counted {
  const latency = Array<number>(edges.length + 1).fill(0);
  return { since, requests: { ok: 0, error: 0, trap: 0, timeout: 0 }, edges, latency, sum: 0 };
}
