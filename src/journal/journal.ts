/** The port of the journal: what happened, in order, for ever. Generic over entries; each domain declares its own. */

import type { Json } from '../kernel/digest.ts';

/** What a domain writes down. */
export interface EntryDraft {
  /** `rollout.promoted`, `run.finished`: `noun.verb in the past`. */
  readonly kind: string;
  /** Whom it is about: `herald/production` for an environment, `run/ID` for a run. */
  readonly subject: string;
  readonly data: Json;
  /** A second entry with the same key is not written: how a writer that crashed repeats itself safely. */
  readonly key?: string;
  /** When it happened (wall time), of what was written down elsewhere first; absent: now. */
  readonly at?: number;
}

export interface Entry extends EntryDraft {
  /** 1, 2, 3 … without gaps, in the order of writing. The `id` of the live stream. */
  readonly seq: number;
  /** Wall time in milliseconds since the epoch: of writing, unless the draft says otherwise. */
  readonly at: number;
}

export interface EntryQuery {
  /** Only entries with a greater sequence number. */
  readonly after?: number;
  /** Only entries about this subject or below it (`herald` includes `herald/production`). */
  readonly subject?: string;
  readonly kinds?: readonly string[];
  /** At most so many, the oldest first (`newest`: the newest, still given in ascending order). */
  readonly limit?: number;
  readonly newest?: boolean;
}

/**
 * Append-only. When `append` returns, the entries are on disk, all of them or (when it throws) none. Several processes
 * may append to one journal; each reader sees one order.
 */
export interface Journal {
  /** Returns what was written, without the drafts whose key was there already. */
  append(drafts: readonly EntryDraft[]): readonly Entry[];
  read(query?: EntryQuery): readonly Entry[];
  /**
   * Calls `listener` with every entry after `after`, in order, each once, first those that are there already. Entries
   * of other processes come within `pollEvery` of the implementation. Whoever subscribes waits: it keeps
   * the process until it is ended, by the function that is returned or by `close`.
   */
  subscribe(after: number, listener: (entries: readonly Entry[]) => void): () => void;
  close(): void;
}
