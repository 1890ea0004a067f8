/** All that is needed to drive environments of clusters, opened once for each cluster that the home knows. */

import type { ClusterTarget, Drivers, Platform } from '../../delivery/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { ClusterClient } from './cluster-client.ts';
import { type ClusterRolloutStore, createClusterRolloutStore } from './cluster-rollout-store.ts';
import type { Driver } from './lease-object.ts';
import { createLeaseDrivers } from './lease.ts';

export interface ClusterPlace {
  readonly store: ClusterRolloutStore;
  readonly platform: Platform;
  readonly drivers: Drivers;
}

export interface ClusterPlaces {
  /** @throws Fault `kubernetes/kubeconfig`, `kubernetes/unknown-context`. */
  open(cluster: ClusterTarget): Promise<ClusterPlace>;
  close(): Promise<void>;
}

export interface ClusterPlacesOptions {
  readonly clock: Clock;
  readonly driver: Driver;
  /** See `LeaseOptions`. */
  readonly leaseDuration?: number;
  readonly connect: (cluster: ClusterTarget) => Promise<ClusterClient>;
  readonly createPlatform: (client: ClusterClient) => Platform & { close(): void | Promise<void> };
}

interface Opened extends ClusterPlace {
  close(): Promise<void>;
}

export function createClusterPlaces(options: ClusterPlacesOptions): ClusterPlaces {
  const { clock, driver, leaseDuration, connect, createPlatform } = options;
  const opened = new Map<string, Promise<Opened>>();
  const openOne = async (cluster: ClusterTarget): Promise<Opened> => {
    const client = await connect(cluster);
    const store = createClusterRolloutStore({ client, clock });
    const duration = leaseDuration === undefined ? {} : { duration: leaseDuration };
    const drivers = createLeaseDrivers({ client, store, clock, driver, ...duration });
    const platform = createPlatform(client);
    return {
      store,
      platform,
      drivers,
      async close() {
        drivers.close();
        await platform.close();
      },
    };
  };
  return {
    open({ kubeconfig, context, namespace }) {
      const name = JSON.stringify([kubeconfig, context, namespace]);
      const opening = opened.get(name) ?? openOne({ kubeconfig, context, namespace });
      opened.set(name, opening);
      opening.catch(() => opened.delete(name));
      return opening;
    },
    async close() {
      const places = await Promise.allSettled(opened.values());
      for (const one of places) if (one.status === 'fulfilled') await one.value.close();
      opened.clear();
    },
  };
}
