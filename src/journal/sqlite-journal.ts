/** The journal in SQLite, by `node:sqlite`: WAL, and every append is synced before it returns. */

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../kernel/clock.ts';
import type { Json } from '../kernel/digest.ts';
import type { Entry, EntryDraft, EntryQuery, Journal } from './journal.ts';

const SCHEMA = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma busy_timeout = 5000;
  create table if not exists entries (
    seq integer primary key autoincrement,
    at integer not null,
    kind text not null,
    subject text not null,
    key text unique,
    data text not null
  ) strict;
  create index if not exists entries_by_subject on entries (subject, seq);
`;

interface Row {
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  readonly subject: string;
  readonly key: string | null;
  readonly data: string;
}

export interface SqliteJournalOptions {
  readonly path: string;
  readonly clock: Clock;
  /** How often entries of other processes are looked for, in milliseconds. */
  readonly pollEvery?: number;
}

/** Opens (and if need be creates) the journal in the SQLite file `path`. */
export function openSqliteJournal({ path, clock, pollEvery = 200 }: SqliteJournalOptions): Journal {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  const insert = database.prepare(
    'insert into entries (at, kind, subject, key, data) values (?, ?, ?, ?, ?) on conflict (key) do nothing returning seq',
  );
  const listeners = new Set<() => void>();
  const timers = new Set<NodeJS.Timeout>();

  const append = (drafts: readonly EntryDraft[]): readonly Entry[] => {
    if (drafts.length === 0) return [];
    const written: Entry[] = [];
    database.exec('begin immediate');
    try {
      for (const draft of drafts) {
        const at = draft.at ?? clock.wall();
        const row = insert.get(at, draft.kind, draft.subject, draft.key ?? null, JSON.stringify(draft.data)) as
          | { seq: number }
          | undefined;
        if (row) written.push({ ...draft, seq: row.seq, at });
      }
      database.exec('commit');
    } catch (error) {
      database.exec('rollback');
      throw error;
    }
    for (const wake of listeners) wake();
    return written;
  };

  const read = (query: EntryQuery = {}): readonly Entry[] => {
    const conditions = ['seq > ?'];
    const values: (string | number)[] = [query.after ?? 0];
    if (query.subject !== undefined) {
      // `0` follows `/` in ASCII, so this range is exactly what starts with `subject/`.
      conditions.push('(subject = ? or (subject >= ? and subject < ?))');
      values.push(query.subject, `${query.subject}/`, `${query.subject}0`);
    }
    if (query.kinds) {
      conditions.push(`kind in (${query.kinds.map(() => '?').join(',')})`);
      values.push(...query.kinds);
    }
    const order = query.newest ? 'desc' : 'asc';
    const rows = database
      .prepare(`select * from entries where ${conditions.join(' and ')} order by seq ${order} limit ?`)
      .all(...values, query.limit ?? -1) as unknown as Row[];
    return (query.newest ? rows.toReversed() : rows).map((row) => toEntry(row));
  };

  const subscribe: Journal['subscribe'] = (after, listener) => {
    let last = after;
    let ended = false;
    const pump = (): void => {
      if (ended) return;
      const entries = read({ after: last });
      const newest = entries.at(-1);
      if (newest === undefined) return;
      last = newest.seq;
      listener(entries);
    };
    const timer = setInterval(pump, pollEvery);
    timers.add(timer);
    listeners.add(pump);
    pump();
    return () => {
      ended = true;
      clearInterval(timer);
      timers.delete(timer);
      listeners.delete(pump);
    };
  };

  return {
    append,
    read,
    subscribe,
    close() {
      for (const timer of timers) clearInterval(timer);
      listeners.clear();
      database.close();
    },
  };
}

function toEntry(row: Row): Entry {
  const { seq, at, kind, subject, key } = row;
  const entry = { seq, at, kind, subject, data: JSON.parse(row.data) as Json };
  return key === null ? entry : { ...entry, key };
}
