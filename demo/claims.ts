/** Every claim that a demo prints is checked: against the load generator's own log or a cluster's objects, never our counters. */

import type { LoadRecord } from '../test/load/load.ts';

export interface Claims {
  /** Prints the claim with whether it holds. */
  check(holds: boolean, claim: string): void;
  readonly broken: number;
}

export function createClaims(): Claims {
  let broken = 0;
  return {
    check(holds, claim) {
      if (!holds) broken += 1;
      console.log(`  ${holds ? '✔' : '✘ FALSE:'} ${claim}`);
    },
    get broken() {
      return broken;
    },
  };
}

export interface Seen {
  readonly requests: number;
  /** No answer, or an answer of 5xx. */
  readonly bad: readonly LoadRecord[];
  readonly byRelease: ReadonlyMap<number, number>;
}

/** What the generator saw between two moments (wall time, milliseconds). */
export function seenBetween(records: readonly LoadRecord[], from: number, to = Infinity): Seen {
  const seen = records.filter(({ at }) => at >= from && at < to);
  const byRelease = new Map<number, number>();
  for (const { release } of seen) if (release !== null) byRelease.set(release, (byRelease.get(release) ?? 0) + 1);
  return { requests: seen.length, bad: seen.filter(({ status }) => status === null || status >= 500), byRelease };
}

/**
 * Whether `count` of `requests` fits the weight: within the 99.9 % bound of the binomial by its normal approximation
 * (z = 3.2905), plus the one request by which the exact split may be off.
 */
export function fitsWeight(count: number, requests: number, weight: number): boolean {
  return Math.abs(count - requests * weight) <= 3.2905 * Math.sqrt(requests * weight * (1 - weight)) + 1;
}
