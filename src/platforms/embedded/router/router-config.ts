/** What the router process is started with, and what its control socket says. */

import type { CounterRow } from '../../../delivery/index.ts';

/** The environment variable that holds the path of the router's configuration. */
export const ROUTER_VARIABLE = 'SLIPWAY_ROUTER';

export interface RouterConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** Path of the unix socket on which it is told what to do. */
  readonly control: string;
  /** Where it keeps its table, to restore itself from after a crash. */
  readonly table: string;
  /** Folder of the request logs. */
  readonly logs: string;
}

/** Answer of `GET /state`. */
export interface RouterState {
  /** Names one life of the router: its counters start from zero in each. */
  readonly epoch: string;
  readonly pid: number;
  /** Port that it listens on. */
  readonly port: number;
  /** Version of the table in force. */
  readonly version: number;
  readonly environments: Readonly<Record<string, EnvironmentTraffic>>;
}

export interface EnvironmentTraffic {
  readonly shares: Readonly<Record<number, number>>;
  /** One row for each replica and source of requests. */
  readonly rows: readonly CounterRow[];
  readonly replicas: readonly ReplicaTraffic[];
  /** Requests that another release answered because the one whose turn it was had no replica. */
  readonly fallbacks: number;
  /** Requests that came while no release was exposed. */
  readonly unexposed: number;
  /** Copies that were not sent: too many were under way, or no replica was there to take them. */
  readonly droppedCopies: number;
  /** Keys seen in the present rollout; when they are `full`, new ones are not counted any more. */
  readonly keys: { readonly known: number; readonly full: boolean };
}

export const NO_TRAFFIC: EnvironmentTraffic = {
  shares: {},
  rows: [],
  replicas: [],
  fallbacks: 0,
  unexposed: 0,
  droppedCopies: 0,
  keys: { known: 0, full: false },
};

export interface ReplicaTraffic {
  readonly release: number;
  readonly replica: string;
  /** Accepted and not yet answered, whatever their source. */
  readonly inFlight: number;
  /** It let a request pass its deadline: it gets no more and should be replaced. */
  readonly suspect: boolean;
}
