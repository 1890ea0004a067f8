/** What one look hands to the judge: differences since the last one, plain JSON, enough to compute every e-value again. */

/** Requests (or units of assignment), and how many of them were bad. */
export type Sample = {
  readonly requests: number;
  readonly bad: number;
};

export type ArmCounts = {
  readonly candidate: Sample;
  readonly stable: Sample;
};

/** Errors of both arms; everything else only where there is something of it. */
export type Counts = ArmCounts & {
  /** The same for "slower than the objective". */
  readonly slow?: ArmCounts;
  /** Why slow requests could not be counted. */
  readonly untimed?: string;
  /** Both metrics by image platform, where platforms are named. */
  readonly platforms?: Readonly<Record<string, { readonly errors: ArmCounts; readonly slow?: ArmCounts }>>;
  /** Requests and errors of each candidate replica that has answered any. */
  readonly replicas?: Readonly<Record<string, readonly [requests: number, bad: number]>>;
  /** The candidate's share of the requests that was in force all the time; absent when it is not known, or has changed. */
  readonly share?: number;
  /** With affinity: keys that were seen for the first time, while that share was known. */
  readonly newKeys?: { readonly candidate: number; readonly stable: number };
};

export const NOTHING: ArmCounts = { candidate: { requests: 0, bad: 0 }, stable: { requests: 0, bad: 0 } };

export function addCounts(one: ArmCounts, other: ArmCounts): ArmCounts {
  return { candidate: add(one.candidate, other.candidate), stable: add(one.stable, other.stable) };
}

function add(one: Sample, other: Sample): Sample {
  return { requests: one.requests + other.requests, bad: one.bad + other.bad };
}

/** @throws RangeError for counts that can't be (`countersSince` never gives such). */
export function assertPossible({ candidate, stable }: ArmCounts): void {
  for (const { requests, bad } of [candidate, stable]) {
    if (Number.isFinite(requests) && bad >= 0 && bad <= requests) continue;
    throw new RangeError(`${bad} bad of ${requests} requests can't be`);
  }
}
