/** The rollout store of a rehearsal: survives the crash of an engine, not of the process. */

import { Fault } from '../kernel/fault.ts';
import type { EngineRecord } from './engine-state.ts';
import type { RolloutStore } from './rollout-store.ts';

export function createMemoryRolloutStore(): RolloutStore {
  const records = new Map<string, { version: number; record: EngineRecord }>();
  return {
    load: (key) => Promise.resolve(records.get(key) ?? null),
    save(key, expectedVersion, record) {
      const version = records.get(key)?.version ?? 0;
      if (version !== expectedVersion) return Promise.reject(staleVersion(key));
      records.set(key, { version: version + 1, record });
      return Promise.resolve();
    },
    list: () => Promise.resolve([...records.keys()].sort()),
    remove(key) {
      records.delete(key);
      return Promise.resolve();
    },
  };
}

/** What every store says to a writer that does not hold the newest version. */
export function staleVersion(key: string): Fault<'delivery/stale-version'> {
  return new Fault({
    code: 'delivery/stale-version',
    kind: 'refused',
    message: `Another process has changed ${key} in the meantime.`,
    hint: 'Only one agent may drive a home; stop the other one.',
    retryable: true,
  });
}
