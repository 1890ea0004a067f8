/**
 * What a Prometheus says may go backwards: two of them behind one address are scraped at different instants, a store answers late.
 * Counters that have been seen are held, so that rows only grow within an epoch.
 */

import type { CounterRow, Latency } from '../../../delivery/index.ts';
import { type Ending, ENDINGS, type PodCounters } from './pod-counters.ts';

export interface HeldCounters {
  /** The rows of the pods that were just read. `now` is monotonic, in milliseconds. */
  rows(read: readonly PodCounters[], now: number): readonly CounterRow[];
}

interface Held {
  readonly counters: PodCounters;
  /** A counter fell and nothing says when it was zero: nobody who comes later could tell its epochs apart. */
  readonly lost: boolean;
  readonly seenAt: number;
}

/** A pod that nobody has heard of for so long does not come back. */
const FORGET_AFTER = 3_600_000;

export function createHeldCounters(): HeldCounters {
  const held = new Map<string, Held>();
  return {
    rows(read, now) {
      const rows = read.flatMap((counters) => {
        const key = `${counters.release}|${counters.pod}`;
        const next = merge(held.get(key), counters, now);
        held.set(key, next);
        return next.lost ? [] : [rowOf(next.counters)];
      });
      for (const [key, { seenAt }] of held) if (now - seenAt > FORGET_AFTER) held.delete(key);
      return rows;
    },
  };
}

function merge(before: Held | undefined, read: PodCounters, now: number): Held {
  const fresh: Held = { counters: read, lost: false, seenAt: now };
  if (before === undefined) return fresh;
  const { counters: old } = before;
  if (old.since !== read.since && read.since !== null) {
    // Whoever tells of an earlier process lags behind.
    return old.since === null || read.since > old.since ? fresh : { ...before, seenAt: now };
  }
  const fell = ENDINGS.some((ending) => read.requests[ending] < old.requests[ending]);
  const restarted = fell && old.since === null && read.sampledAt > old.sampledAt;
  return { counters: highest(old, read), lost: before.lost || restarted, seenAt: now };
}

function highest(old: PodCounters, read: PodCounters): PodCounters {
  const of = (ending: Ending): number => Math.max(old.requests[ending], read.requests[ending]);
  return {
    ...read,
    since: old.since,
    sampledAt: Math.max(old.sampledAt, read.sampledAt),
    requests: { ok: of('ok'), error: of('error'), trap: of('trap'), timeout: of('timeout') },
    latency: highestLatency(old.latency, read.latency),
  };
}

function highestLatency(old: Latency, read: Latency): Latency {
  // A histogram that was not complete this time is the one from before.
  if (String(old.edges) !== String(read.edges)) return read.edges.length < old.edges.length ? old : read;
  return { edges: read.edges, counts: read.counts.map((count, index) => Math.max(count, old.counts[index] ?? 0)) };
}

/** Errors are summed with the requests that they are part of, so there are never more of them. */
function rowOf({ release, pod, since, requests, latency }: PodCounters): CounterRow {
  const { ok, error, trap, timeout } = requests;
  const errors = error + trap + timeout;
  return {
    release,
    replica: pod,
    // Of what was counted, not of who reads it: another driver must know it again.
    epoch: String(since ?? 0),
    source: 'split',
    platform: null,
    requests: ok + errors,
    errors,
    traps: trap,
    timeouts: timeout,
    latency,
    units: null,
  };
}
