/** A way to decide on a candidate, held against a recording. */

import type { Recording } from './recording.ts';

export interface Policy {
  /** What it is and how it is set, for people. */
  readonly name: string;
  decide(recording: Recording): Decided;
}

/** `at` is in milliseconds since the recording began. */
export type Decided =
  | { readonly kind: 'abort' | 'promote'; readonly at: number; readonly because: string }
  | { readonly kind: 'undecided'; readonly because: string };
