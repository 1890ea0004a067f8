/**
 * The port to who may drive an environment that several machines know. One of them drives; the others stand by and read
 * what it has told.
 */

import type { EntryDraft } from '../journal/index.ts';
import type { RolloutStore } from './rollout-store.ts';

/** Calls may overlap, also those for one environment. */
export interface Drivers {
  /**
   * The right to drive, if it is to be had now: nobody has it, or who has it has not renewed it for so long that it must
   * be dead. `null`: another has it. With `wish` that one is told that it is wanted, and lets go soon; the caller asks
   * again until then. Who has told its wish comes before those who only stand by.
   */
  take(key: string, options: { readonly wish: boolean }, signal?: AbortSignal): Promise<Tenure | null>;
  /** Who has it, for people (`ana@laptop`); `null`: nobody, or that is not known. */
  holder(key: string): string | null;
  /**
   * The newest entries, the oldest first, each with its key and time. `exists`: whether there is a record, so whether
   * there is anything to drive.
   */
  told(key: string, signal?: AbortSignal): Promise<Told>;
  /** Calls `onChange` soon after somebody has told something, let go, or wants to drive. Returns the end of it. */
  watch(key: string, onChange: () => void): () => void;
}

export interface Told {
  readonly exists: boolean;
  readonly entries: readonly EntryDraft[];
}

/** The right to drive, kept up until it is released or lost. */
export interface Tenure {
  /** Aborts, with a Fault as its reason, when another may drive: from then on nothing must be changed. Final. */
  readonly lost: AbortSignal;
  /** Whether another wants to drive: let go when what is under way is done. */
  wanted(): boolean;
  /**
   * Whether it is safe to act just now. Says no at once in a process that was stopped for too long, before any timer of
   * it has run.
   */
  holds(): boolean;
  /** Lets go; harmless when it is lost already. */
  release(): Promise<void>;
}

/** For environments that nobody else can drive: the home is locked. */
export function createSoleDriver(store: Pick<RolloutStore, 'load'>): Drivers {
  return {
    take: () => Promise.resolve(FOR_GOOD),
    holder: () => null,
    told: async (key) => ({ exists: (await store.load(key)) !== null, entries: [] }),
    watch: () => () => undefined,
  };
}

const FOR_GOOD: Tenure = {
  lost: new AbortController().signal,
  wanted: () => false,
  holds: () => true,
  release: () => Promise.resolve(),
};
