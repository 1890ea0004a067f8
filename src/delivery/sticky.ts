/**
 * Sticky assignment: who has a key (a user, a session) stays at one release within a rollout. The same key always falls
 * on the same place of a line from 0 to 1, and each release owns a piece of that line as long as its share; raising the
 * weight of the newest release lengthens its piece at one end, so nobody who has it loses it (facts/rollouts.md, T10).
 */

import { sha256 } from '../kernel/digest.ts';

/** Hexadecimal digits of the digest that are used: 52 bits, as many as a fraction can hold exactly. */
const DIGITS = 13;
const PREFIX = 'sha256:'.length;

/**
 * Where a key falls: in [0, 1), uniform over keys, and independent from one rollout to the next, so that it is not always
 * the same users who see candidates first. `rollout` is the id of the rollout that dealt the shares (`RouteEffect.rollout`,
 * '' outside one). A candidate with weight w has the keys with `stickyBucket(…) < w`.
 */
export function stickyBucket(key: string, rollout: string): number {
  const digest = sha256(`${rollout}\n${key}`);
  return Number.parseInt(digest.slice(PREFIX, PREFIX + DIGITS), 16) / 16 ** DIGITS;
}

/**
 * Which release a bucket belongs to; `null` when no release has a share. The newest release (the highest number) owns
 * [0, share); the others follow, the oldest first, so that with two or three of them the newest one grows into the piece
 * of the stable one while a candidate that leaves keeps its own.
 */
export function stickySplit(shares: Readonly<Record<number, number>>): (bucket: number) => number | null {
  const releases = Object.keys(shares)
    .map(Number)
    .filter((release) => (shares[release] ?? 0) > 0)
    .sort((one, other) => one - other);
  const newest = releases.pop();
  if (newest === undefined) return () => null;
  const ordered = [newest, ...releases];
  let end = 0;
  const ends = ordered.map((release) => (end += shares[release] ?? 0));
  // Sums of fractions may end a little below 1: what is left over belongs to the last.
  return (bucket) => ordered[ends.findIndex((limit) => bucket < limit)] ?? ordered.at(-1) ?? null;
}
