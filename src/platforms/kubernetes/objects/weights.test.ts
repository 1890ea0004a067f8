import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { exposedIn, weightsOf } from './weights.ts';

const shares = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 999 }), fc.double({ min: 1e-6, max: 1, noNaN: true })), {
    minLength: 1,
    maxLength: 6,
    selector: ([release]) => release,
  })
  .map((parts) => {
    const sum = parts.reduce((all, [, share]) => all + share, 0);
    return Object.fromEntries(parts.map(([release, share]) => [release, share / sum]));
  });

test('weights sum to the total, leave nobody out that has a share, and are next to it', () => {
  fc.assert(
    fc.property(shares, fc.constantFrom(100, 10_000), (split, total) => {
      const weights = weightsOf(split, total);
      expect(weights.values().reduce((all, weight) => all + weight, 0)).toBe(total);
      expect([...weights.keys()].toSorted((a, b) => a - b)).toEqual(exposedIn(split).toSorted((a, b) => a - b));
      const [largest] = exposedIn(split);
      for (const [release, weight] of weights) {
        expect(weight).toBeGreaterThanOrEqual(1);
        // What was given to shares too small for a weight of their own is missing from the largest.
        const off = release === largest ? weights.size : 1;
        expect(Math.abs(weight - (split[release] ?? 0) * total)).toBeLessThanOrEqual(off + 1e-6);
      }
    }),
  );
});

test('thirds are as equal as whole numbers can be, and the first gets what is left', () => {
  expect([...weightsOf({ 3: 1 / 3, 1: 1 / 3, 2: 1 / 3 }, 100)]).toEqual([
    [1, 34],
    [2, 33],
    [3, 33],
  ]);
});

test('a share of nothing has no weight, and nothing exposed has no weights', () => {
  expect([...weightsOf({ 1: 1, 2: 0 }, 100)]).toEqual([[1, 100]]);
  expect(weightsOf({}, 100).size).toBe(0);
});

test('a share that is too small for the total gets the least that there is, from the largest', () => {
  expect([...weightsOf({ 1: 0.999, 2: 0.001 }, 100)]).toEqual([
    [1, 99],
    [2, 1],
  ]);
});
