/** One replica as the router sees it: its connections, what is in flight, and a tally for each source of requests. */

import { Agent } from 'node:http';
import type { RequestSource } from '../../../delivery/index.ts';
import type { ReplicaAddress } from './routing-table.ts';
import { createTally, type Tally } from './tally.ts';

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
  /** Tallies that begin from now on are counted so. */
  counting: Counting;
  readonly tallies: Map<RequestSource, Tally>;
}

export interface Counting {
  readonly edges: readonly number[];
  readonly epoch: string;
}

export function createReplicaLink(release: number, address: ReplicaAddress | null, counting: Counting): ReplicaLink {
  const link: ReplicaLink = {
    id: address?.id ?? 'none',
    release,
    socket: address?.socket ?? null,
    agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }),
    inFlight: 0,
    suspect: false,
    avoidUntil: 0,
    goneSince: null,
    counting,
    tallies: new Map(),
  };
  // A replica that serves users says so before the first request: who reads no row takes it for lost counters.
  if (address !== null) tallyOf(link, 'split');
  return link;
}

export function tallyOf(link: ReplicaLink, source: RequestSource): Tally {
  const present = link.tallies.get(source);
  if (present !== undefined) return present;
  const tally = createTally(link.counting.edges, link.counting.epoch);
  link.tallies.set(source, tally);
  return tally;
}

/** Everything is counted from zero again, so that no number of the old edges is taken for one of the new. */
export function countAnew(link: ReplicaLink, counting: Counting): void {
  link.counting = counting;
  for (const source of link.tallies.keys()) link.tallies.set(source, createTally(counting.edges, counting.epoch));
}

/** A request has left the replica. */
export function leave(link: ReplicaLink): void {
  link.inFlight -= 1;
  if (link.inFlight === 0 && link.goneSince !== null) link.agent.destroy();
}
