/** When a replica that ended is started again, and when that is called a crash loop. Pure. */

import { formatDuration } from '../../../kernel/quantity.ts';

/** A replica that was ready for this long starts a new count. */
export const SETTLED_AFTER = 10_000;

const FIRST_DELAY = 100;
const LONGEST_DELAY = 10_000;

/** So many endings in a row, each before the replica had settled, are a crash loop. */
const CRASH_LOOP = 3;

/** A place that a replica has left. */
export interface Vacancy {
  /** How many replicas in a row have ended in this place before they had settled. */
  readonly attempt: number;
  /** When (monotonic, milliseconds) the next one may start. */
  readonly notBefore: number;
}

export interface Ending {
  /** Monotonic, milliseconds. */
  readonly at: number;
  /** The attempt that the ended replica was: 0 for the first. */
  readonly attempt: number;
  /** How long it had been ready; 0 when it never was. */
  readonly readyFor: number;
}

export function vacate({ at, attempt, readyFor }: Ending): Vacancy {
  if (readyFor >= SETTLED_AFTER) return { attempt: 0, notBefore: at };
  return { attempt: attempt + 1, notBefore: at + Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) };
}

export interface CrashLoop {
  readonly attempt: number;
  /** What the last ending was, as a clause. */
  readonly last: string;
  /** Milliseconds since the first of these endings. */
  readonly since: number;
}

/** In plain words why a release can't stay ready; `null` while it may still come up. */
export function crashLoopOf({ attempt, last, since }: CrashLoop): string | null {
  if (attempt < CRASH_LOOP) return null;
  return `its replicas have ended ${attempt} times in a row within ${formatDuration(since)}; the last one ${last}`;
}
