/** Splits, compared. */

import type { Shares } from './engine-state.ts';

export function sameShares(one: Shares, other: Shares): boolean {
  const named = new Set([...Object.keys(one), ...Object.keys(other)].map(Number));
  return [...named].every((release) => Math.abs((one[release] ?? 0) - (other[release] ?? 0)) < 1e-9);
}
