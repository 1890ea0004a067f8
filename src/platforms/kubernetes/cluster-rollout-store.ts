/**
 * What the rollout engine must have to go on, in the cluster: one ConfigMap per environment, which any machine that may
 * drive it reads. A save that does not continue the newest version is refused, by our own count and by the API server's.
 */

import { type EngineRecord, type EntryDraft, type RolloutStore, staleVersion } from '../../delivery/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { ClusterClient, KubernetesObject } from './cluster-client.ts';
import { type ClusterRecord, keyOf, readRecord, RECORD_LABELS, recordObject } from './cluster-record.ts';
import { withEntries } from './entries-ring.ts';
import { KINDS } from './kinds.ts';
import { isChanged } from './kubernetes-fault.ts';
import { recordName } from './names.ts';

export interface ClusterRolloutStore extends RolloutStore {
  /** The newest entries of an environment, the oldest first; `null` when there is no record. */
  entries(key: string, signal?: AbortSignal): Promise<readonly EntryDraft[] | null>;
}

export interface ClusterRolloutStoreOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
}

/** What was last seen of a record, by us. */
interface Seen extends ClusterRecord {
  readonly resourceVersion: string;
  /** Monotonic time at which this version was first seen; `null`: we have saved it ourselves, by our own clock. */
  readonly at: number | null;
}

/** A few times in a row something else (a label, say) may change in the object between a read and a write. */
const ATTEMPTS = 5;

export function createClusterRolloutStore({ client, clock }: ClusterRolloutStoreOptions): ClusterRolloutStore {
  const seen = new Map<string, Seen>();

  const see = async (key: string, object: KubernetesObject): Promise<Seen> => {
    const { resourceVersion = '' } = object.metadata;
    const before = seen.get(key);
    if (before?.resourceVersion === resourceVersion) return before;
    const found = await readRecord(key, object);
    const at = before?.version === found.version ? before.at : clock.monotonic();
    const now = { ...found, resourceVersion, at };
    seen.set(key, now);
    return now;
  };
  const read = async (key: string, signal?: AbortSignal): Promise<Seen | null> => {
    const object = await client.read({ ...KINDS.configMap, name: recordName(key) }, signal);
    if (object !== null) return see(key, object);
    seen.delete(key);
    return null;
  };
  const write = async (key: string, next: ClusterRecord, before: Seen | null): Promise<void> => {
    const { object, kept } = await recordObject(key, next, before?.resourceVersion ?? null);
    const written = await client.write(object, { kind: before === null ? 'create' : 'replace' });
    const { resourceVersion = '' } = written.metadata;
    seen.set(key, { ...kept, resourceVersion, at: null });
  };
  const save = async (key: string, expectedVersion: number, record: EngineRecord): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const known = seen.get(key);
      const before = known?.version === expectedVersion ? known : await read(key);
      if ((before?.version ?? 0) !== expectedVersion) throw staleVersion(key);
      const entries = withEntries(before?.entries ?? [], record.outbox, record.time.wall);
      try {
        return await write(key, { version: expectedVersion + 1, record, entries }, before);
      } catch (error) {
        // What was seen is not what is there: another driver, or another who has changed a label.
        seen.delete(key);
        if (!isChanged(error) || attempt === ATTEMPTS) throw error;
      }
    }
  };
  return {
    async load(key) {
      const since = seen.get(key);
      const found = await read(key);
      if (found === null) return null;
      const { version, record } = found;
      if (since?.version !== version || since.at === null) return { version, record };
      return { version, record: savedAt(record, clock.wall() - (clock.monotonic() - since.at)) };
    },
    save,
    async list() {
      const records = client.follow({ ...KINDS.configMap, labels: RECORD_LABELS });
      try {
        await records.ready();
        return [...records.objects().values()].flatMap((object) => keyOf(object) ?? []).sort();
      } finally {
        records.close();
      }
    },
    async remove(key) {
      seen.delete(key);
      await client.remove({ ...KINDS.configMap, name: recordName(key) });
    },
    entries: async (key, signal) => (await read(key, signal))?.entries ?? null,
  };
}

/**
 * The clocks of two machines need not agree: whoever has seen the record come says by its own clock when it was saved.
 */
function savedAt(record: EngineRecord, wall: number): EngineRecord {
  return { ...record, time: { ...record.time, wall } };
}
