/** Keeps two writers of one layout apart. A lock of the operating system, by way of SQLite: a crash leaves it open. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** How long another writer is waited for, in milliseconds: it holds the lock for one small file. */
const PATIENCE = 10_000;

/** Runs `change` while no other process or layout object changes the tags of `folder`. */
export function withLayoutLock<Result>(folder: string, change: () => Result): Result {
  const database = new DatabaseSync(join(folder, '.lock'), { timeout: PATIENCE });
  try {
    database.exec('begin exclusive');
    return change();
  } finally {
    database.close();
  }
}
