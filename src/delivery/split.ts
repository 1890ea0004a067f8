/**
 * The exact split: a low-discrepancy sequence over shares (design.md section 4.10). Every request adds each release's
 * share to its credit; the one with the highest credit gets the request and pays 1. So with two releases every window of
 * n requests holds their share of n to ±1, and no chance is involved.
 */

export interface Split {
  /** From now on requests are dealt by these shares (release number → share; they sum to 1, or there is none). */
  change(shares: Readonly<Record<number, number>>): void;
  /** The release of the next request; `null` when no release has a share. */
  next(): number | null;
}

interface Arm {
  readonly release: number;
  readonly share: number;
  credit: number;
}

export function createSplit(): Split {
  let arms: readonly Arm[] = [];
  return {
    change(shares) {
      arms = Object.entries(shares)
        .filter(([, share]) => share > 0)
        .map(([release, share]) => ({ release: Number(release), share, credit: 0 }));
    },
    next() {
      let richest = arms[0];
      if (richest === undefined) return null;
      for (const arm of arms) {
        arm.credit += arm.share;
        // The first of equals wins: the order of release numbers, the same everywhere.
        if (arm.credit > richest.credit + 1e-9) richest = arm;
      }
      richest.credit -= 1;
      return richest.release;
    },
  };
}
