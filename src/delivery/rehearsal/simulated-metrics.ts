/** What the metrics of a rehearsal say of the counters, in the state that they are in. */

import type { CounterRow, Observation } from '../observation.ts';
import type { Metrics } from './rehearsal.ts';

export interface SimulatedMetrics {
  state: Metrics;
  /** What the counters are at this instant; to be called at each, in order. */
  record(rows: readonly CounterRow[], now: number): void;
  /** What whoever asks now is told. */
  reported(rows: readonly CounterRow[], now: number): Observation['counters'];
}

/** So old are the counters while metrics are `late`, in milliseconds: a scrape or two. */
const LATE_BY = 15_000;
/** Metrics that are `flaky` answer in every other of these, in milliseconds: as if every second look got a 429. */
const FLAKY_SPELL = 1000;

export function createSimulatedMetrics(): SimulatedMetrics {
  let history: readonly { readonly rows: readonly CounterRow[]; readonly at: number }[] = [];
  const metrics: SimulatedMetrics = {
    state: 'up',
    record(rows, now) {
      const newest = history.findLastIndex(({ at }) => at <= now - LATE_BY);
      history = [...history.slice(Math.max(0, newest)), { rows, at: now }];
    },
    reported(rows, now) {
      switch (metrics.state) {
        case 'up':
          return rows;
        case 'down':
          return null;
        case 'flaky':
          return Math.floor(now / FLAKY_SPELL) % 2 === 0 ? rows : null;
        case 'empty':
          return [];
        case 'nan':
          return rows.map((row) => ({ ...row, requests: NaN, errors: NaN }));
        case 'partial':
          return everySecondReplica(rows);
        case 'late':
          return history.findLast(({ at }) => at <= now - LATE_BY)?.rows ?? [];
      }
    },
  };
  return metrics;
}

/** One replica of two can't be reached, of each release, so not one that is alone. */
function everySecondReplica(rows: readonly CounterRow[]): readonly CounterRow[] {
  const replicas = new Map<number, Set<string>>();
  return rows.filter(({ release, replica }) => {
    const known = replicas.get(release) ?? new Set();
    replicas.set(release, known.add(replica));
    return [...known].indexOf(replica) % 2 === 0;
  });
}
