/**
 * Who drives an environment of a cluster: whoever holds its Lease (coordination.k8s.io/v1). Each change of it is written
 * only onto what was read, so of two that take it one does. Whether a holder is dead is judged by the observer's own
 * monotonic clock since it last saw a renewal, never by comparing the clocks of two machines.
 */

import type { Drivers } from '../../delivery/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { ClusterClient, FollowedObjects } from './cluster-client.ts';
import type { ClusterRolloutStore } from './cluster-rollout-store.ts';
import { KINDS } from './kinds.ts';
import { isChanged } from './kubernetes-fault.ts';
import { type Driver, homeIn, identityOf, leaseObject, type LeaseState, nameIn, readLease } from './lease-object.ts';
import { recordName } from './names.ts';
import { keepTenure } from './tenure.ts';

export interface LeaseOptions {
  readonly client: ClusterClient;
  readonly store: Pick<ClusterRolloutStore, 'entries'>;
  readonly clock: Clock;
  readonly driver: Driver;
  /** How long it counts after a renewal, in milliseconds; 15 s unless given. */
  readonly duration?: number;
}

export interface LeaseDrivers extends Drivers {
  /** Ends its watches; what is held is not released. */
  close(): void;
}

const DURATION = 15_000;

export function createLeaseDrivers(options: LeaseOptions): LeaseDrivers {
  const { client, store, clock, driver, duration = DURATION } = options;
  const identity = identityOf(driver);
  const mayTake = createJudgement({ clock, driver, duration });
  const holders = new Map<string, string | null>();
  const followed = new Map<string, FollowedObjects>();

  const follow = (key: string): FollowedObjects => {
    const present = followed.get(key) ?? client.follow({ ...KINDS.lease, name: recordName(key) });
    followed.set(key, present);
    return present;
  };
  const read = async (key: string, signal?: AbortSignal): Promise<LeaseState | null> => {
    const object = await client.read({ ...KINDS.lease, name: recordName(key) }, signal);
    return object === null ? null : readLease(object);
  };
  const put = async (key: string, state: LeaseState, signal?: AbortSignal): Promise<LeaseState | null> => {
    const kind = state.object === null ? 'create' : 'replace';
    const written = await unlessChanged(() => client.write(leaseObject(key, state), { kind }, signal));
    return written === null ? null : readLease(written);
  };
  const seen = (key: string): LeaseState | null => {
    const object = follow(key).objects().get(recordName(key));
    return object === undefined ? null : readLease(object);
  };
  const wanted = (key: string): boolean => {
    const wish = seen(key)?.wish ?? null;
    return wish !== null && wish !== identity;
  };
  return {
    async take(key, { wish }, signal) {
      // Who only stands by asks every second: what the watch has brought is good enough to see that it is held.
      const state = wish ? await read(key, signal) : (seen(key) ?? (await read(key, signal)));
      holders.set(key, state?.holder ?? null);
      if (state !== null && !mayTake(key, state, wish)) {
        if (wish && state.wish === null) await put(key, { ...state, wish: identity }, signal);
        return null;
      }
      const begun = clock.monotonic();
      const now = clock.wall();
      const transitions = state === null ? 0 : state.transitions + 1;
      const object = state?.object ?? null;
      const ours = { holder: identity, duration, acquired: now, renewed: now, transitions, wish: null, object };
      const taken = await put(key, ours, signal);
      if (taken === null) return null;
      holders.set(key, identity);
      return keepTenure({
        key,
        clock,
        taken,
        begun,
        duration,
        read: () => read(key),
        put: (next) => put(key, next),
        wanted: () => wanted(key),
      });
    },
    holder(key) {
      const holder = holders.get(key) ?? null;
      return holder === null ? null : nameIn(holder);
    },
    async told(key, signal) {
      const entries = await store.entries(key, signal);
      return { exists: entries !== null, entries: entries ?? [] };
    },
    watch(key, onChange) {
      const record = client.follow({ ...KINDS.configMap, name: recordName(key) });
      const ends = [follow(key).onChange(onChange), record.onChange(onChange), () => record.close()];
      return () => ends.forEach((end) => end());
    },
    close() {
      for (const one of followed.values()) one.close();
      followed.clear();
    },
  };
}

/** What was seen of a Lease, and since when (monotonic) it has been like that. */
interface Sight {
  readonly mark: string;
  readonly since: number;
}

/** Whether we may take a Lease as it is now. It remembers for how long it has seen it so. */
function createJudgement({ clock, driver, duration }: Required<Pick<LeaseOptions, 'clock' | 'driver' | 'duration'>>) {
  const identity = identityOf(driver);
  const sights = new Map<string, Sight>();
  return (key: string, { holder, renewed, wish: wisher, duration: counts }: LeaseState, wish: boolean): boolean => {
    const mark = holder === null ? `free, wanted by ${wisher ?? 'nobody'}` : `${holder} ${renewed}`;
    const before = sights.get(key);
    const sight = before?.mark === mark ? before : { mark, since: clock.monotonic() };
    sights.set(key, sight);
    const seenFor = clock.monotonic() - sight.since;
    // Whoever has told its wish and does not come is dead.
    if (holder === null) return wish || wisher === null || wisher === identity || seenFor > duration;
    // Our own, or of another process of this home: that one has ended, since we have its lock.
    return homeIn(holder) === driver.home || seenFor > counts;
  };
}

/** `null`: the object is not what was read; that one of the name is there already is told as a change, too. */
async function unlessChanged<Result>(write: () => Promise<Result>): Promise<Result | null> {
  try {
    return await write();
  } catch (error) {
    if (isChanged(error)) return null;
    throw error;
  }
}
