/**
 * What the engine remembers of one environment, as it is saved: the state, the open intents, and the entries that the
 * journal still has to be told. Every save is one record, so nothing of it is ever half there.
 */

import type { Entry, EntryDraft, Journal } from '../journal/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Json } from '../kernel/digest.ts';
import { Fault } from '../kernel/fault.ts';
import { DELIVERY_ENTRY_KINDS, type DeliveryEntry, keyed } from './entries.ts';
import type { EngineRecord, EnvironmentState, Intent } from './engine-state.ts';
import type { EnvironmentSpec } from './environment-spec.ts';
import type { RolloutStore } from './rollout-store.ts';
import { emptyState } from './turn.ts';

export interface SavedState {
  state(): EnvironmentState;
  intents(): readonly Intent[];
  /** Whether there is a record: not before the first save, nor after `remove`. */
  exists(): boolean;
  /** Engine time: milliseconds it has lived, down-time included. */
  now(): number;
  /** Durable when it returns. Then the journal has the entries too, or (when it throws) gets them later. */
  save(state: EnvironmentState, intents: readonly Intent[], entries: readonly DeliveryEntry[]): Promise<void>;
  /** Writes into the journal what was saved and may not be there yet: what a crash, or a full disk, has kept from it. */
  tell(): void;
  remove(): Promise<void>;
}

export interface SavedStateOptions {
  readonly key: string;
  /** Used until the first deployment brings its own. */
  readonly spec: EnvironmentSpec;
  /** Of an environment that begins here and that others may drive later; see `EnvironmentState`. */
  readonly origin?: string;
  readonly store: RolloutStore;
  readonly journal: Journal;
  readonly clock: Clock;
}

/**
 * Reads the record of the environment, or begins an empty one.
 *
 * @throws Fault `delivery/older-record` for what a version before the three strategies has written.
 */
export async function openSavedState(options: SavedStateOptions): Promise<SavedState> {
  const { key, store, journal, clock } = options;
  const loaded = await store.load(key);
  if (loaded !== null && !isOurs(loaded.record.state)) throw olderRecord(key);
  const origin = clock.monotonic();
  const resumedAt =
    loaded === null ? 0 : loaded.record.time.engine + Math.max(0, clock.wall() - loaded.record.time.wall);
  const now = (): number => Math.round(resumedAt + clock.monotonic() - origin);
  let version = loaded?.version ?? 0;
  let state = loaded?.record.state ?? beginState(options);
  let intents: readonly Intent[] = loaded?.record.intents ?? [];
  let untold: readonly EntryDraft[] = loaded?.record.outbox ?? [];

  const tell = (): void => {
    if (untold.length > 0) journal.append(untold);
    untold = [];
  };
  return {
    state: () => state,
    intents: () => intents,
    exists: () => version > 0,
    now,
    tell,
    async save(next, open, entries) {
      const numbered: EnvironmentState = { ...next, lastEntry: next.lastEntry + entries.length };
      const outbox = [...untold, ...keyed(next, entries, next.lastEntry + 1)];
      const time = { engine: now(), wall: clock.wall() };
      const record: EngineRecord = { state: numbered, intents: open, outbox, time };
      await store.save(key, version, record);
      version += 1;
      state = numbered;
      intents = open;
      untold = outbox;
      tell();
    },
    async remove() {
      await store.remove(key);
      version = 0;
      state = beginState({ ...options, spec: state.spec });
      intents = [];
    },
  };
}

/** An environment that was once here goes on counting where it ended: no number, and no key, is ever used twice. */
function beginState({ key, spec, origin, journal }: SavedStateOptions): EnvironmentState {
  const newest = (kinds: readonly string[]): Entry | undefined =>
    journal.read({ subject: key, kinds, newest: true, limit: 1 })[0];
  const empty = { ...emptyState(key, spec), ...(origin === undefined ? {} : { origin }) };
  const entry = newest(DELIVERY_ENTRY_KINDS);
  if (entry === undefined) return empty;
  return {
    ...empty,
    lastEntry: Number(entry.key?.slice(entry.key.lastIndexOf('#') + 1) ?? 0),
    lastRelease: numberOf(newest(['release.created'])?.data),
    lastRollout: numberOf(newest(['rollout.started'])?.data),
    lastIntent: numberOf(newest(['effect.intended'])?.data),
  };
}

function numberOf(data: Json | undefined): number {
  const number = typeof data === 'object' && data !== null && 'number' in data ? data.number : 0;
  return typeof number === 'number' ? number : 0;
}

/** The parts that came with the three strategies, and without which nothing can be decided. */
function isOurs(state: Partial<EnvironmentState>): boolean {
  return state.leaving !== undefined && state.queued !== undefined && state.spec?.approval !== undefined;
}

function olderRecord(key: string): Fault<'delivery/older-record'> {
  return new Fault({
    code: 'delivery/older-record',
    kind: 'refused',
    message: `What is remembered of ${key} was written by an older version, which knew only canaries.`,
    hint: 'Nothing of it is changed. Stop it with "slipway down", and deploy into another home (SLIPWAY_HOME).',
  });
}
