/** Which keys were seen in a rollout, so that the judge can check the split on new ones alone (facts/rollouts.md §9.8). */

export interface SeenKeys {
  /** True the first time that a key of this rollout comes; false, too, once there are more than can be remembered. */
  isNew(rollout: string, bucket: number): boolean;
  /** No rollout is under way. */
  forget(): void;
  /** Of the present rollout. */
  known(): number;
  /** New keys are not told from old ones any more. */
  full(): boolean;
}

/** Some 4 MB. A bucket has 52 bits: among so many keys two share one with a probability of about one in a million. */
export const MOST_KEYS = 100_000;

export function createSeenKeys(): SeenKeys {
  let present = '';
  let buckets = new Set<number>();
  return {
    isNew(rollout, bucket) {
      if (rollout !== present) {
        present = rollout;
        buckets = new Set();
      }
      if (buckets.size >= MOST_KEYS) return false;
      const before = buckets.size;
      return buckets.add(bucket).size > before;
    },
    forget: () => buckets.clear(),
    known: () => buckets.size,
    full: () => buckets.size >= MOST_KEYS,
  };
}
