/** The port to what an engine must have to go on after a crash: one record per environment. */

import type { EngineRecord } from './engine-state.ts';

/**
 * `save` is durable when it returns. A writer that does not hold the newest version is refused, so two drivers can't
 * both go on; versions count 1, 2, 3 ….
 */
export interface RolloutStore {
  load(key: string): Promise<{ readonly version: number; readonly record: EngineRecord } | null>;
  /** @throws Fault `delivery/stale-version` when another writer was faster. `expectedVersion` 0 creates. */
  save(key: string, expectedVersion: number, record: EngineRecord): Promise<void>;
  /** Keys of all environments, sorted. */
  list(): Promise<readonly string[]>;
  remove(key: string): Promise<void>;
}
