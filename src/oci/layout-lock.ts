/** Keeps two writers of one layout apart. A lock of the operating system, by way of SQLite: a crash leaves it open. */

import { join } from 'node:path';

/** How long another writer is waited for, in milliseconds: it holds the lock for one small file. */
const PATIENCE = 10_000;

/**
 * Runs `change` while no other process or layout object changes the tags of `folder`. It is not asynchronous: who waits
 * for the lock blocks its thread, and the holder may be in the same one.
 */
export async function withLayoutLock<Result>(folder: string, change: () => Result): Promise<Result> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(folder, '.lock'), { timeout: PATIENCE });
  try {
    database.exec('begin exclusive');
    return change();
  } finally {
    database.close();
  }
}
