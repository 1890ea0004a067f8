/** One replica as the router sees it: its connections, what is in flight and what was counted. */

import { Agent } from 'node:http';
import { LATENCY_EDGES } from '../../../delivery/index.ts';
import type { ReplicaTraffic } from './router-config.ts';
import type { ReplicaAddress } from './routing-table.ts';

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

export interface ReplicaLink {
  readonly id: string;
  readonly release: number;
  /** `null`: stands for the requests of a release that had no replica. */
  readonly socket: string | null;
  readonly agent: Agent;
  inFlight: number;
  suspect: boolean;
  /** Until then (monotonic) it is tried last: it refused a connection. */
  avoidUntil: number;
  /** When (monotonic) it was seen to be gone from the table; `null` while it is in it. */
  goneSince: number | null;
  readonly counts: Counts;
}

interface Counts {
  requests: number;
  errors: number;
  traps: number;
  timeouts: number;
  readonly latency: number[];
}

export function createReplicaLink(release: number, address: ReplicaAddress | null): ReplicaLink {
  return {
    id: address?.id ?? 'none',
    release,
    socket: address?.socket ?? null,
    agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }),
    inFlight: 0,
    suspect: false,
    avoidUntil: 0,
    goneSince: null,
    counts: { requests: 0, errors: 0, traps: 0, timeouts: 0, latency: Array<number>(LATENCY_EDGES.length + 1).fill(0) },
  };
}

/** Counts one request that has ended, exactly once. */
export function countRequest({ counts }: ReplicaLink, outcome: RequestOutcome, milliseconds: number): void {
  counts.requests += 1;
  if (isBad(outcome)) counts.errors += 1;
  if (outcome === 'trap' || outcome === 'out-of-memory') counts.traps += 1;
  if (outcome === 'timeout') counts.timeouts += 1;
  let bucket = 0;
  while (milliseconds > (LATENCY_EDGES[bucket] ?? Infinity)) bucket += 1;
  counts.latency[bucket] = (counts.latency[bucket] ?? 0) + 1;
}

function isBad(outcome: RequestOutcome): boolean {
  return outcome !== 'ok' && outcome !== 'client-gone' && outcome !== 'client-slow';
}

export function trafficOf(link: ReplicaLink, epoch: string): ReplicaTraffic {
  const { release, id: replica, counts, inFlight, suspect } = link;
  const latency = { edges: LATENCY_EDGES, counts: [...counts.latency] };
  return {
    release,
    replica,
    epoch,
    source: 'split',
    platform: null,
    ...counts,
    latency,
    units: null,
    inFlight,
    suspect,
  };
}
