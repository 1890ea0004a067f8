/** How much traffic an environment gets, and how much of it fails: as its last rollout has counted it. */

import { dataOf, type RolloutLooked } from './entries.ts';
import type { Journal } from '../journal/index.ts';

export interface SeenTraffic {
  /** Requests (with affinity: units of assignment) per second, of all releases that were compared. */
  readonly rate: number;
  /** Requests of the release that served, and how many of them failed. */
  readonly requests: number;
  readonly bad: number;
  /** Wall time of the last look. */
  readonly at: number;
}

/** So many looks are enough: they are a second apart at first, and at most a minute. */
const NEWEST = 300;

/** Of the newest looks of one rollout; `null` when there is none, or too few to tell a rate. */
export function seenTraffic(journal: Journal, key: string): SeenTraffic | null {
  const entries = journal.read({ subject: key, kinds: ['rollout.looked'], newest: true, limit: NEWEST });
  const newest = entries.at(-1);
  if (newest === undefined) return null;
  const { rollout } = dataOf<RolloutLooked>(newest);
  const looks = entries.map((entry) => dataOf<RolloutLooked>(entry)).filter((look) => look.rollout === rollout);
  const [first, ...rest] = looks;
  const last = rest.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  const sum = (arm: 'candidate' | 'stable', of: 'requests' | 'bad'): number =>
    rest.reduce((total, { counts }) => total + counts[arm][of], 0);
  const all = sum('candidate', 'requests') + sum('stable', 'requests');
  const served = sum('stable', 'requests') > 0 ? 'stable' : 'candidate';
  return {
    rate: all / ((last.at - first.at) / 1000),
    requests: sum(served, 'requests'),
    bad: sum(served, 'bad'),
    at: newest.at,
  };
}
