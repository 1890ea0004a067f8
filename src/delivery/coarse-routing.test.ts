import { expect, test } from 'vitest';
import { achievedShares, excessOf } from './coarse-routing.ts';
import type { Observation } from './observation.ts';

function withReady(ready: Readonly<Record<number, number>>): Observation {
  const releases = Object.entries(ready).map(([release, count]) => {
    return [release, { desired: count, ready: count, restarts: 0, failure: null, inFlight: 0 }] as const;
  });
  return { releases: Object.fromEntries(releases), traffic: null, counters: null, gates: {} };
}

test('where requests are dealt one by one a split is what was asked for', () => {
  expect(achievedShares({}, { 1: 0.9, 2: 0.1 }, withReady({ 1: 3, 2: 1 }))).toEqual({ 1: 0.9, 2: 0.1 });
  const weight = { release: 2, other: 1, weight: 0.01 };
  expect(excessOf({ routing: 'exact' }, weight, withReady({ 1: 1, 2: 1 }))).toBeNull();
});

test('elsewhere each exposed release gets the share of its ready replicas', () => {
  const spec = { routing: 'replicas' } as const;
  expect(achievedShares(spec, { 1: 0.9, 2: 0.1 }, withReady({ 1: 3, 2: 1, 3: 9 }))).toEqual({ 1: 0.75, 2: 0.25 });
  expect(achievedShares(spec, { 2: 1 }, withReady({ 1: 3, 2: 1 }))).toEqual({ 2: 1 });
  expect(achievedShares(spec, { 1: 1 }, withReady({}))).toEqual({ 1: 1 });
});

test('a weight is refused that the replicas would make more than twice as large', () => {
  const excess = (weight: number, stable: number, candidate: number): number | null =>
    excessOf({ routing: 'replicas' }, { release: 2, other: 1, weight }, withReady({ 1: stable, 2: candidate }));
  expect(excess(0.1, 3, 1)).toBe(0.25);
  expect(excess(0.1, 4, 1)).toBeNull();
  expect(excess(0.01, 10, 1)).toBeCloseTo(1 / 11);
  expect(excess(0.5, 2, 1)).toBeNull();
  expect(excess(1, 0, 3)).toBeNull();
});
