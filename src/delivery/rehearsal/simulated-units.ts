/**
 * Counts by unit of assignment: one key in one second is one unit, however many requests it sends (facts/rollouts.md
 * section 9.9). A unit is counted when its second is over, so that counters only grow.
 */

import type { ReplicaTally } from './replica-tally.ts';

export interface Units {
  add(seen: Seen): void;
  endSecond(): void;
}

export interface Seen {
  /** A request without a key is a unit of its own. */
  readonly key: string | null;
  readonly tally: ReplicaTally;
  readonly bad: boolean;
  readonly bucket: number;
}

export function createUnits(): Units {
  const open = new Map<string, Seen>();
  return {
    add(seen) {
      const { key, tally, bad, bucket } = seen;
      if (key === null) return tally.countUnit({ bad, bucket });
      const before = open.get(key);
      // The replica that served its first request of the second has the unit.
      const sum = before && { ...before, bad: before.bad || bad, bucket: Math.max(before.bucket, bucket) };
      open.set(key, sum ?? seen);
    },
    endSecond() {
      for (const { tally, bad, bucket } of open.values()) tally.countUnit({ bad, bucket });
      open.clear();
    },
  };
}
