/** The router of the simulated platform: which split is in force when, and which release a request goes to. */

import type { RouteEffect } from '../effect.ts';
import type { Shares } from '../engine-state.ts';
import type { RequestSource } from '../observation.ts';
import { sameShares } from '../shares.ts';
import { createSplit } from '../split.ts';
import { stickyBucket, stickySplit } from '../sticky.ts';
import type { Rehearsal } from './rehearsal.ts';

/** What is commanded of a router. */
export type Route = Pick<RouteEffect, 'shares' | 'rollout' | 'match' | 'mirror'>;

/** What of a request matters to the router. */
export interface Asked {
  /** What affinity goes by; `null` for none. */
  readonly key: string | null;
  /** It has the headers of the `match`. */
  readonly matches: boolean;
  /** It may be copied. */
  readonly safe: boolean;
}

export interface Directions {
  /** `null` when nothing is exposed. */
  readonly release: number | null;
  readonly source: RequestSource;
  /** Whether this rollout has never seen its key before. */
  readonly isNew: boolean;
  /** The release that gets a copy of it. */
  readonly copyTo: number | null;
}

export interface SimulatedRouter {
  /** How long it takes from now on until a commanded split is in force, although it is acknowledged at once. */
  delay: number;
  command(route: Route, now: number): void;
  /** Puts in force what is due. `readyOf` counts, for `routing: replicas`. Returns whether the split changed. */
  settle(now: number, readyOf: (release: number) => number): boolean;
  /** When the next commanded split comes into force; `Infinity` when none is under way. */
  nextMove(): number;
  /** The split that requests get. */
  inForce(): Shares;
  /** What else is in force. */
  route(): Route;
  direct(asked: Asked): Directions;
}

/** With `routing: replicas` each exposed release gets the share of its ready replicas, as behind a plain Service. */
export function createSimulatedRouter(routing: Rehearsal['routing'], start: Shares): SimulatedRouter {
  let commanded: Route = { shares: start, rollout: null, match: null, mirror: null };
  let effective: Shares = start;
  let moves: readonly { readonly route: Route; readonly at: number }[] = [];
  const [split, copies] = [createSplit(), createSplit()];
  let releaseOf = stickySplit(start);
  const buckets = new Map<string, number>();
  split.change(start);

  const enforce = (route: Route): void => {
    if (route.rollout !== commanded.rollout) buckets.clear();
    commanded = route;
    const { mirror } = route;
    copies.change(mirror === null ? {} : { [mirror.release]: mirror.share, [NOBODY]: 1 - mirror.share });
  };
  const sticky = (key: string): { readonly release: number | null; readonly isNew: boolean } => {
    const known = buckets.get(key);
    const bucket = known ?? stickyBucket(key, commanded.rollout ?? '');
    if (known === undefined) buckets.set(key, bucket);
    return { release: releaseOf(bucket), isNew: known === undefined };
  };

  const router: SimulatedRouter = {
    delay: 0,
    command(route, now) {
      moves = [...moves, { route, at: now + router.delay }];
    },
    settle(now, readyOf) {
      for (const { route, at } of moves) if (at <= now) enforce(route);
      moves = moves.filter(({ at }) => at > now);
      const next = routing === 'exact' ? commanded.shares : byReplicas(commanded.shares, readyOf);
      if (sameShares(next, effective)) return false;
      effective = next;
      split.change(next);
      releaseOf = stickySplit(next);
      return true;
    },
    nextMove: () => Math.min(...moves.map(({ at }) => at)),
    inForce: () => effective,
    route: () => commanded,
    direct({ key, matches, safe }) {
      const { match, mirror } = commanded;
      const copied = mirror !== null && safe ? copies.next() : null;
      const copyTo = copied === NOBODY ? null : copied;
      if (matches && match !== null) return { release: match.release, source: 'match', isNew: false, copyTo };
      if (key === null) return { release: split.next(), source: 'split', isNew: false, copyTo };
      return { ...sticky(key), source: 'split', copyTo };
    },
  };
  return router;
}

/** No release has this number. */
const NOBODY = 0;

function byReplicas(commanded: Shares, readyOf: (release: number) => number): Shares {
  const ready = Object.keys(commanded)
    .map(Number)
    .filter((release) => (commanded[release] ?? 0) > 0)
    .map((release) => [release, readyOf(release)] as const);
  const total = ready.reduce((sum, [, count]) => sum + count, 0);
  return total === 0 ? commanded : Object.fromEntries(ready.map(([release, count]) => [release, count / total]));
}
