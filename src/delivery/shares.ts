/** Splits and routes, compared. */

import type { RouteEffect } from './effect.ts';
import type { Shares } from './engine-state.ts';

export function sameShares(one: Shares, other: Shares): boolean {
  const named = new Set([...Object.keys(one), ...Object.keys(other)].map(Number));
  return [...named].every((release) => Math.abs((one[release] ?? 0) - (other[release] ?? 0)) < 1e-9);
}

/** What decides where a request goes, but for how sticky assignment is seeded. */
export interface Routing {
  readonly shares: Shares;
  readonly match?: RouteEffect['match'];
  readonly mirror?: RouteEffect['mirror'];
}

export function sameRouting(one: Routing, other: Routing): boolean {
  return (
    sameShares(one.shares, other.shares) &&
    sameMatch(one.match ?? null, other.match ?? null) &&
    one.mirror?.release === other.mirror?.release &&
    one.mirror?.share === other.mirror?.share
  );
}

function sameMatch(one: RouteEffect['match'], other: RouteEffect['match']): boolean {
  if (one === null || other === null) return one === other;
  const names = new Set([...Object.keys(one.headers), ...Object.keys(other.headers)]);
  return one.release === other.release && [...names].every((name) => one.headers[name] === other.headers[name]);
}
