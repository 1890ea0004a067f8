/** What the file system says about a file, as evidence that its content is still the one that was hashed. */

import type { BigIntStats } from 'node:fs';

/** Equal signatures of one path mean the same content, if the first one was taken of a settled file. */
export function signatureOf(stats: BigIntStats): string {
  return `${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino}`;
}

/** Longer than the coarsest time stamp of a file system in use (two seconds). */
const SETTLED_AFTER = 2100;

/**
 * Whether a later write must give another signature. A file that changed so shortly before `now` (wall time in
 * milliseconds, taken before the file is read) could be written again within one tick of the file system's clock.
 * The change time tells it, since programs can set the modification time.
 */
export function isSettled(stats: BigIntStats, now: number): boolean {
  return Number(stats.ctimeNs / 1_000_000n) < now - SETTLED_AFTER;
}
