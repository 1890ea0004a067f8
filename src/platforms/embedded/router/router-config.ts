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
  readonly rows: readonly ReplicaTraffic[];
  /** Requests that another release answered because the one whose turn it was had no replica. */
  readonly fallbacks: number;
  /** Requests that came while no release was exposed. */
  readonly unexposed: number;
}

export interface ReplicaTraffic extends CounterRow {
  /** Accepted and not yet answered. */
  readonly inFlight: number;
  /** It let a request pass its deadline: it gets no more and should be replaced. */
  readonly suspect: boolean;
}
