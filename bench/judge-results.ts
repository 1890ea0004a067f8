/** What `judge-table.ts` measures, as it is committed in `results/judge.json`: the docs are made from it. */

import type { Check } from './check.ts';
import type { PrintedWalk } from './judge-printed.ts';

export interface JudgeResults {
  readonly falseAlarms: readonly FalseAlarm[];
  readonly walks: readonly WalkRow[];
  readonly seconds: readonly SecondsRow[];
  readonly late: readonly LateRow[];
  readonly bars: readonly { readonly runs: number; readonly name: string; readonly checks: readonly Check[] }[];
}

export interface FalseAlarm {
  readonly q: number;
  readonly alpha: number;
  /** Exact, and as printed in facts/rollouts.md. */
  readonly aborted: number;
  readonly printed: number;
}

export type WalkFigures = Required<Omit<PrintedWalk, 'q' | 'ratio'>>;

export interface WalkRow {
  readonly q: number;
  readonly ratio: number;
  readonly exact: WalkFigures;
  readonly printed: Partial<WalkFigures>;
}

/** Seconds to abort, and errors of the candidate until then. */
export interface Seconds {
  readonly median: number | null;
  readonly p90: number | null;
  readonly errors: number;
}

export interface SecondsRow {
  readonly weight: number;
  readonly rate: number;
  readonly candidate: number;
  readonly printed: Seconds;
  /** As section 9.5 has it, and as shipped. */
  readonly pure: Seconds;
  readonly shipped: Seconds;
}

/** A candidate that turns bad after so many good seconds: by the test from the start alone, and as shipped. */
export interface LateRow {
  readonly after: number;
  readonly pure: Seconds;
  readonly shipped: Seconds;
}
