/** What the router is told: the whole table of all environments, as one document. */

import type { RouteEffect } from '../../../delivery/index.ts';

export interface RoutingTable {
  /** Rises with every table; an older one is refused, so tables can't overtake each other. */
  readonly version: number;
  /** Keyed by `service/environment`. */
  readonly environments: Readonly<Record<string, EnvironmentRoutes>>;
}

export interface EnvironmentRoutes {
  readonly shares: RouteEffect['shares'];
  readonly match: RouteEffect['match'];
  /** Longest time for one request, in milliseconds. */
  readonly requestLimit: number;
  /** Release number → its replicas that are ready. */
  readonly replicas: Readonly<Record<number, readonly ReplicaAddress[]>>;
}

export interface ReplicaAddress {
  readonly id: string;
  /** Path of its unix socket. */
  readonly socket: string;
}

export const EMPTY_TABLE: RoutingTable = { version: 0, environments: {} };

/** `herald/local` → `herald.local.localhost`. */
export function hostOf(key: string): string {
  return `${key.replaceAll('/', '.')}.localhost`.toLowerCase();
}

/** @throws SyntaxError when the text is not a table. Only our own platform writes them, so only the frame is checked. */
export function parseTable(text: string): RoutingTable {
  const value = JSON.parse(text) as Partial<RoutingTable> | null;
  if (!Number.isInteger(value?.version) || typeof value?.environments !== 'object') {
    throw new SyntaxError('not a routing table');
  }
  return value as RoutingTable;
}
