/** What the rollout engine must have to go on, in the home's SQLite file, beside the journal. */

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type EngineRecord, type RolloutStore, staleVersion } from '../../delivery/index.ts';

const SCHEMA = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma busy_timeout = 5000;
  create table if not exists rollout_records (
    key text primary key,
    version integer not null,
    record text not null
  ) strict;
`;

export interface SqliteRolloutStore extends RolloutStore {
  close(): void;
}

/** Opens (and if need be creates) the table in the SQLite file `path`. A save is synced before it returns. */
export function openSqliteRolloutStore({ path }: { readonly path: string }): SqliteRolloutStore {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  const select = database.prepare('select version, record from rollout_records where key = ?');
  const keys = database.prepare('select key from rollout_records order by key');
  const insert = database.prepare(
    'insert into rollout_records (key, version, record) values (?, 1, ?) on conflict (key) do nothing',
  );
  const update = database.prepare(
    'update rollout_records set version = version + 1, record = ? where key = ? and version = ?',
  );
  const forget = database.prepare('delete from rollout_records where key = ?');
  return {
    async load(key) {
      const row = select.get(key) as { version: number; record: string } | undefined;
      return row === undefined ? null : { version: row.version, record: JSON.parse(row.record) as EngineRecord };
    },
    async save(key, expectedVersion, record) {
      const text = JSON.stringify(record);
      const { changes } = expectedVersion === 0 ? insert.run(key, text) : update.run(text, key, expectedVersion);
      if (changes === 0) throw staleVersion(key);
    },
    async list() {
      return (keys.all() as { key: string }[]).map(({ key }) => key);
    },
    async remove(key) {
      forget.run(key);
    },
    close: () => database.close(),
  };
}
