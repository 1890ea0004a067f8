/** Where environments live: on this machine, which nobody else drives, or on a cluster that several machines know. */

import { isDeepStrictEqual } from 'node:util';
import {
  type ClusterTarget,
  createSoleDriver,
  type Drivers,
  type Platform,
  type RolloutStore,
} from '../delivery/index.ts';
import type { Journal } from '../journal/index.ts';
import { Fault } from '../kernel/fault.ts';

/** All that is needed to drive an environment, or to stand by while another machine does. */
export interface Place {
  readonly store: RolloutStore;
  readonly platform: Platform;
  readonly drivers: Drivers;
  /** Whether other homes may know the environment too. */
  readonly shared: boolean;
}

/** Calls may overlap. What they change is durable when they resolve. */
export interface Places {
  /** Keys of all environments that this home knows, sorted. */
  list(): Promise<readonly string[]>;
  /** Where it lives; on this machine when that was never said. */
  of(key: string): Promise<Place>;
  /**
   * From now on it lives there; `null`: on this machine. Returns whether it was reached in another way until now.
   *
   * @throws Fault `agent/lives-elsewhere` when it lives in another place already.
   */
  settle(key: string, cluster: ClusterTarget | null): Promise<boolean>;
  /** Whether this home drives it by itself when nobody else does: after it was told to do something with it. */
  standsBy(key: string): boolean;
  setStandsBy(key: string, yes: boolean): void;
}

/** Which environments live on clusters. It outlives the process. */
export interface ClusterBook {
  keys(): readonly string[];
  find(key: string): BookedCluster | undefined;
  write(key: string, booked: BookedCluster): void;
}

export interface BookedCluster {
  readonly cluster: ClusterTarget;
  readonly standsBy: boolean;
}

export interface PlacesOptions {
  /** This machine. */
  readonly local: Pick<Place, 'store' | 'platform'>;
  readonly book: ClusterBook;
  readonly openCluster: (cluster: ClusterTarget) => Promise<Omit<Place, 'shared'>>;
  readonly journal: Pick<Journal, 'read'>;
}

export function createPlaces({ local, book, openCluster, journal }: PlacesOptions): Places {
  const here: Place = { ...local, drivers: createSoleDriver(local.store), shared: false };
  const place = async (key: string): Promise<Place> => {
    const booked = book.find(key);
    return booked === undefined ? here : { ...(await openCluster(booked.cluster)), shared: true };
  };
  /** The same environment may be reached in another way: what was told of it says whether it is the same. */
  const isTheSame = async (key: string, cluster: ClusterTarget): Promise<boolean> => {
    const told = journal.read({ subject: key, kinds: ['environment.changed'], newest: true, limit: 1 })[0];
    const known = told?.key === undefined ? undefined : originIn(told.key);
    if (known === undefined) return true;
    const found = await (await openCluster(cluster)).store.load(key);
    return found?.record.state.origin === known;
  };
  return {
    list: async () => [...new Set([...(await here.store.list()), ...book.keys()])].sort(),
    of: place,
    async settle(key, cluster) {
      const booked = book.find(key);
      if (cluster === null) {
        if (booked !== undefined) throw livesElsewhere(key, inWords(booked.cluster), 'on this machine');
        return false;
      }
      if (booked === undefined) {
        if ((await here.store.load(key)) !== null) throw livesElsewhere(key, 'on this machine', inWords(cluster));
        book.write(key, { cluster, standsBy: false });
        return false;
      }
      if (isDeepStrictEqual(booked.cluster, cluster)) return false;
      if (!(await isTheSame(key, cluster))) throw livesElsewhere(key, inWords(booked.cluster), inWords(cluster));
      book.write(key, { ...booked, cluster });
      return true;
    },
    standsBy: (key) => book.find(key)?.standsBy ?? true,
    setStandsBy(key, yes) {
      const booked = book.find(key);
      if (booked !== undefined && booked.standsBy !== yes) book.write(key, { ...booked, standsBy: yes });
    },
  };
}

/** Everything on this machine. */
export function createLocalPlaces(local: Pick<Place, 'store' | 'platform'>): Places {
  const none: ClusterBook = { keys: () => [], find: () => undefined, write: () => undefined };
  const openCluster = (): Promise<never> => Promise.reject(new Error('there are no clusters'));
  return createPlaces({ local, book: none, openCluster, journal: { read: () => [] } });
}

/** Of an entry's key: `herald/production@1f0c22ab#17`. */
function originIn(key: string): string | undefined {
  return /@([^@#]+)#\d+$/.exec(key)?.[1];
}

function inWords({ namespace, context }: ClusterTarget): string {
  return `in the namespace ${namespace} of ${context === null ? 'the present context' : `the context ${context}`}`;
}

function livesElsewhere(key: string, where: string, wanted: string): Fault<'agent/lives-elsewhere'> {
  return new Fault({
    code: 'agent/lives-elsewhere',
    kind: 'refused',
    message: `${key} lives ${where}, as far as this home knows, and can't live ${wanted} as well.`,
    hint: 'Give the environment another name, or use another home (SLIPWAY_HOME) for it.',
  });
}
