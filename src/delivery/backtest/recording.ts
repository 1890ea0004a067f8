/** Recorded traffic of two releases that served at the same time: what a policy can be tried on afterwards. */

import type { Counts } from '../judge/index.ts';

/** What was counted since the look before. */
export interface RecordedLook {
  /** Milliseconds since the recording began. */
  readonly at: number;
  readonly counts: Counts;
}

export interface Recording {
  /** Who was compared, for people: `#3 over #2`. */
  readonly name: string;
  /** Whether a stable release served beside the candidate. */
  readonly hasStable: boolean;
  /** In order of time. */
  readonly looks: readonly RecordedLook[];
}

export interface Sample {
  readonly requests: number;
  readonly bad: number;
}

export interface Counted {
  readonly candidate: Sample;
  readonly stable: Sample;
}

/** When the candidate got its first request: the instant of the look before that; `null` when it never did. */
export function exposedFrom({ looks }: Recording): number | null {
  const first = looks.findIndex(({ counts }) => counts.candidate.requests > 0);
  return first < 0 ? null : (looks[first - 1]?.at ?? 0);
}

/** What was counted after one instant and up to another; a look belongs to the time in which it was taken. */
export function countedBetween({ looks }: Recording, after: number, until: number): Counted {
  const nothing: Sample = { requests: 0, bad: 0 };
  let [candidate, stable] = [nothing, nothing];
  for (const { at, counts } of looks) {
    if (at <= after) continue;
    if (at > until) break;
    candidate = add(candidate, counts.candidate);
    stable = add(stable, counts.stable);
  }
  return { candidate, stable };
}

/** The ends of whole intervals of so many milliseconds, from the first request of the candidate on. */
export function* intervalEnds(recording: Recording, length: number): Generator<number> {
  const start = exposedFrom(recording);
  const end = recording.looks.at(-1)?.at ?? 0;
  if (start === null) return;
  for (let at = start + length; at <= end; at += length) yield at;
}

function add(one: Sample, other: Sample): Sample {
  return { requests: one.requests + other.requests, bad: one.bad + other.bad };
}
