/** What one replica has counted: a row for each source of requests, growing until the counting process starts again. */

import { type CounterRow, noLatency, type RequestSource, type UnitTally } from '../observation.ts';

export type Ending = 'good' | 'error' | 'trap' | 'timeout';

export interface Answer {
  readonly source: RequestSource;
  readonly ending: Ending;
  /** Index of its latency bucket. */
  readonly bucket: number;
}

export interface ReplicaTally {
  count(answer: Answer): void;
  /** One key and second that is over: whether any of its requests was bad, and the bucket of the slowest. */
  countUnit(unit: { readonly bad: boolean; readonly bucket: number }): void;
  /** A key that this rollout had not seen. */
  countNewKey(): void;
  /** Starts again from zero, in a new epoch. */
  reset(): void;
  /** Nothing for a replica that has never served. */
  rows(): readonly CounterRow[];
}

export interface ReplicaTallyOptions {
  readonly release: number;
  readonly replica: string;
  readonly platform: string | null;
  /** Upper edges of the latency buckets. */
  readonly edges: readonly number[];
  /** Whether requests are dealt by key, so that units are counted. */
  readonly sticky: boolean;
}

interface Counted {
  requests: number;
  errors: number;
  traps: number;
  timeouts: number;
  readonly latency: number[];
}

export function createReplicaTally({ release, replica, platform, edges, sticky }: ReplicaTallyOptions): ReplicaTally {
  const sources = new Map<RequestSource, Counted>();
  const zero = (): Counted => ({
    requests: 0,
    errors: 0,
    traps: 0,
    timeouts: 0,
    latency: [...noLatency(edges).counts],
  });
  let units = { ...zero(), newKeys: 0 };
  let epoch = 1;

  const countedOf = (source: RequestSource): Counted => {
    const known = sources.get(source);
    if (known !== undefined) return known;
    const created = zero();
    sources.set(source, created);
    return created;
  };
  const unitsOf = (source: RequestSource): UnitTally | null => {
    if (!sticky || source !== 'split') return null;
    const { requests, errors, latency, newKeys } = units;
    return { requests, errors, latency: { edges, counts: [...latency] }, newKeys };
  };
  return {
    count({ source, ending, bucket }) {
      const counted = countedOf(source);
      counted.requests += 1;
      counted.latency[bucket] = (counted.latency[bucket] ?? 0) + 1;
      if (ending === 'good') return;
      counted.errors += 1;
      if (ending === 'trap') counted.traps += 1;
      if (ending === 'timeout') counted.timeouts += 1;
    },
    countUnit({ bad, bucket }) {
      units.requests += 1;
      if (bad) units.errors += 1;
      units.latency[bucket] = (units.latency[bucket] ?? 0) + 1;
    },
    countNewKey() {
      units.newKeys += 1;
    },
    reset() {
      epoch += 1;
      for (const source of sources.keys()) sources.set(source, zero());
      units = { ...zero(), newKeys: 0 };
    },
    rows: () =>
      [...sources].map(([source, { requests, errors, traps, timeouts, latency }]) => {
        const own = { release, replica, epoch: String(epoch), source, platform, units: unitsOf(source) };
        return { ...own, requests, errors, traps, timeouts, latency: { edges, counts: [...latency] } };
      }),
  };
}
