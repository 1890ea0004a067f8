/** The router of the simulated platform: which split is in force when, and which release a request goes to. */

import { createSplit, type Split } from '../split.ts';
import type { Rehearsal } from './rehearsal.ts';

type Shares = Readonly<Record<number, number>>;

export interface SimulatedRouter {
  /** How long it takes from now on until a commanded split is in force, although it is acknowledged at once. */
  delay: number;
  command(shares: Shares, now: number): void;
  /** Puts in force what is due. `readyOf` counts, for `routing: replicas`. Returns whether the split changed. */
  settle(now: number, readyOf: (release: number) => number): boolean;
  /** When the next commanded split comes into force; `Infinity` when none is under way. */
  nextMove(): number;
  /** The split that requests get. */
  inForce(): Shares;
  /** The release of the next request; `null` when nothing is exposed. */
  next(): number | null;
}

/** With `routing: replicas` each exposed release gets the share of its ready replicas, as behind a plain Service. */
export function createSimulatedRouter(routing: Rehearsal['routing'], start: Shares): SimulatedRouter {
  let commanded = start;
  let effective: Shares = start;
  let moves: readonly { readonly shares: Shares; readonly at: number }[] = [];
  const split: Split = createSplit();
  split.change(start);

  const router: SimulatedRouter = {
    delay: 0,
    command(shares, now) {
      moves = [...moves, { shares, at: now + router.delay }];
    },
    settle(now, readyOf) {
      for (const { shares, at } of moves) if (at <= now) commanded = shares;
      moves = moves.filter(({ at }) => at > now);
      const next = routing === 'exact' ? commanded : byReplicas(commanded, readyOf);
      if (same(next, effective)) return false;
      effective = next;
      split.change(next);
      return true;
    },
    nextMove: () => Math.min(...moves.map(({ at }) => at)),
    inForce: () => effective,
    next: () => split.next(),
  };
  return router;
}

function byReplicas(commanded: Shares, readyOf: (release: number) => number): Shares {
  const ready = Object.keys(commanded)
    .map(Number)
    .filter((release) => (commanded[release] ?? 0) > 0)
    .map((release) => [release, readyOf(release)] as const);
  const total = ready.reduce((sum, [, count]) => sum + count, 0);
  return total === 0 ? commanded : Object.fromEntries(ready.map(([release, count]) => [release, count / total]));
}

function same(one: Shares, other: Shares): boolean {
  if (one === other) return true;
  const releases = new Set([...Object.keys(one), ...Object.keys(other)].map(Number));
  return [...releases].every((release) => (one[release] ?? 0) === (other[release] ?? 0));
}
