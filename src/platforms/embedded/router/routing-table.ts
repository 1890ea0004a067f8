/** What the router is told: the whole table of all environments, as one document. */

import { LATENCY_EDGES, type RouteEffect } from '../../../delivery/index.ts';

export interface RoutingTable {
  /** Rises with every table; an older one is refused, so tables can't overtake each other. */
  readonly version: number;
  /** Keyed by `service/environment`. */
  readonly environments: Readonly<Record<string, EnvironmentRoutes>>;
}

export interface EnvironmentRoutes {
  readonly shares: RouteEffect['shares'];
  readonly rollout: RouteEffect['rollout'];
  readonly affinity: RouteEffect['affinity'];
  readonly match: RouteEffect['match'];
  readonly mirror: RouteEffect['mirror'];
  /** Upper edges of the latency buckets, in milliseconds, rising. Other edges are a new epoch of all counters. */
  readonly latencyEdges: readonly number[];
  /** Longest time for one request, in milliseconds. */
  readonly requestLimit: number;
  /** Release number → its replicas that are ready, whether it is exposed or not. */
  readonly replicas: Readonly<Record<number, readonly ReplicaAddress[]>>;
}

export interface ReplicaAddress {
  readonly id: string;
  /** Path of its unix socket, or `HOST:PORT` of one that has none. */
  readonly socket: string;
}

export type Connection = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** Whether it is a unix socket, which tells more about a lost connection than TCP does. */
export function isUnixSocket(socket: string): boolean {
  return socket.startsWith('/');
}

/** What Node's HTTP client is told to reach a replica. */
export function connectionTo(socket: string): Connection {
  if (isUnixSocket(socket)) return { socketPath: socket };
  const colon = socket.lastIndexOf(':');
  return { host: socket.slice(0, colon), port: Number(socket.slice(colon + 1)) };
}

export const EMPTY_TABLE: RoutingTable = { version: 0, environments: {} };

/** An environment in which nothing is exposed and nothing runs. */
export const NO_ROUTES: EnvironmentRoutes = {
  shares: {},
  rollout: null,
  affinity: { kind: 'none' },
  match: null,
  mirror: null,
  latencyEdges: LATENCY_EDGES,
  requestLimit: 0,
  replicas: {},
};

/** `herald/local` → `herald.local.localhost`: where users go. */
export function hostOf(key: string): string {
  return `${key.replaceAll('/', '.')}.localhost`.toLowerCase();
}

/** `7.herald.local.localhost`: reaches exactly this release, exposed or not, and counts as `direct`. */
export function releaseHost(key: string, release: number): string {
  return `${release}.${hostOf(key)}`;
}

/** The environment's host and the release that such a name asks for; `null` when it is another name. */
export function releaseOfHost(host: string): { readonly host: string; readonly release: number } | null {
  const [, release, rest] = /^(\d{1,9})\.(.+)$/.exec(host) ?? [];
  return release === undefined || rest === undefined ? null : { release: Number(release), host: rest };
}

/** @throws SyntaxError when the text is not a table. Only our own platform writes them, so only the frame is checked. */
export function parseTable(text: string): RoutingTable {
  const value = JSON.parse(text) as Partial<RoutingTable> | null;
  if (!Number.isInteger(value?.version) || typeof value?.environments !== 'object') {
    throw new SyntaxError('not a routing table');
  }
  return value as RoutingTable;
}
