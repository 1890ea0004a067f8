/**
 * The exact split: deals requests to releases so that each gets its share not on average but over every window
 * (design.md section 4.10). No randomness: a share of 5 % is one request in twenty, evenly spaced.
 */

export interface Split {
  /** Changes the shares (release number → share). While the same releases are named, the sequence goes on without a jump. */
  change(shares: Readonly<Record<number, number>>): void;
  /** The release of the next request; `null` when no release has a share. */
  next(): number | null;
}

/** Shares are held in whole parts of this, so that the sequence is exact for ever. */
const WHOLE = 1_000_000_000;

interface Lane {
  readonly release: number;
  parts: number;
  /** What the release is owed, in parts of one request; all of them sum to zero between requests. */
  credit: number;
}

/**
 * R. Tijdeman, "The chairman assignment problem" (Discrete Mathematics 32, 1980): of the releases that are owed at least
 * 1/(2m−2) of a request, the one whose turn would be overdue first. Over the first n requests no release is further than
 * 1 − 1/(2m−2) from n × share. For two releases this is 1/2, so any window, across changes of the shares too, is within
 * ±1; for more it is within ±2.
 */
export function createSplit(): Split {
  let lanes: Lane[] = [];
  return {
    change(shares) {
      const next = lanesOf(shares);
      const sameReleases =
        next.length === lanes.length && next.every(({ release }, index) => lanes[index]?.release === release);
      if (sameReleases) for (const [index, lane] of next.entries()) lane.credit = lanes[index]?.credit ?? 0;
      lanes = next;
    },
    next() {
      const only = lanes.length === 1 ? lanes[0] : undefined;
      if (only !== undefined) return only.release;
      const spread = 2 * lanes.length - 2;
      let chosen: Lane | null = null;
      let soonest = Infinity;
      for (const lane of lanes) {
        lane.credit += lane.parts;
        if (lane.credit * spread < WHOLE) continue;
        const due = (WHOLE - WHOLE / spread - lane.credit) / lane.parts;
        if (due < soonest) {
          soonest = due;
          chosen = lane;
        }
      }
      if (chosen === null) return null;
      chosen.credit -= WHOLE;
      return chosen.release;
    },
  };
}

function lanesOf(shares: Readonly<Record<number, number>>): Lane[] {
  const lanes = Object.entries(shares)
    .map(([release, share]): Lane => ({ release: Number(release), parts: Math.round(share * WHOLE), credit: 0 }))
    .filter(({ parts }) => parts > 0)
    .sort((one, other) => one.release - other.release);
  // What rounding leaves over goes to the largest: the parts are one whole.
  const largest = lanes.reduce<Lane | null>(
    (best, lane) => (best === null || lane.parts > best.parts ? lane : best),
    null,
  );
  if (largest !== null) largest.parts += WHOLE - lanes.reduce((sum, { parts }) => sum + parts, 0);
  return lanes;
}
