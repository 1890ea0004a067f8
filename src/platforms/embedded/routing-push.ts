/** Tells the router the table whenever it has changed; never twice the same, never an older one after a newer one. */

import type { RouterClient } from './router-client.ts';
import type { EnvironmentRoutes, RoutingTable } from './router/routing-table.ts';

export interface RoutingPush {
  /** Resolves when the table as it is now is in force. @throws Fault `embedded/router-unreachable`. */
  push(): Promise<void>;
  /** The router may have forgotten: the next push tells all again. `version` is the newest that it knows. */
  forget(version: number): void;
  /**
   * Whether a router that says that it has the table of `version` may send requests to this replica: also true while
   * it is not known to have the last table that we know to be in force.
   */
  routed(replica: string, version: number): boolean;
}

export interface RoutingPushOptions {
  readonly client: RouterClient;
  readonly environments: () => Readonly<Record<string, EnvironmentRoutes>>;
}

interface Pushed {
  readonly text: string;
  readonly done: Promise<void>;
}

export function createRoutingPush({ client, environments }: RoutingPushOptions): RoutingPush {
  let version = 0;
  let latest: Pushed | null = null;
  let inForce: RoutingTable = { version: 0, environments: {} };

  const send = async (table: RoutingTable): Promise<void> => {
    try {
      await client.put(table);
      if (table.version > inForce.version) inForce = table;
    } catch (error) {
      if (table.version === version) latest = null;
      throw error;
    }
  };
  return {
    push() {
      const wanted = environments();
      const text = JSON.stringify(wanted);
      if (latest?.text === text) return latest.done;
      version += 1;
      latest = { text, done: send({ version, environments: wanted }) };
      return latest.done;
    },
    forget(known) {
      version = Math.max(version, known);
      latest = null;
    },
    routed: (replica, known) =>
      known < inForce.version ||
      Object.values(inForce.environments).some(({ replicas }) =>
        Object.values(replicas).some((addresses) => addresses.some(({ id }) => id === replica)),
      ),
  };
}
