import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSplit } from './split.ts';

function sequence(shares: Readonly<Record<number, number>>, length: number): readonly (number | null)[] {
  const split = createSplit();
  split.change(shares);
  return Array.from({ length }, () => split.next());
}

test('of two releases every window of requests holds their share to ±1', () => {
  const percent = fc.integer({ min: 1, max: 99 });
  fc.assert(
    fc.property(percent, fc.nat(400), fc.integer({ min: 1, max: 400 }), (weight, from, length) => {
      const window = sequence({ 1: 1 - weight / 100, 2: weight / 100 }, from + length).slice(from);
      const count = window.filter((release) => release === 2).length;
      expect(Math.abs(count - (weight / 100) * length)).toBeLessThanOrEqual(1 + 1e-6);
    }),
  );
});

test('of many releases each has had its share of all requests so far to ±1', () => {
  const parts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 500 }), (weights, length) => {
      const sum = weights.reduce((a, b) => a + b, 0);
      const shares = Object.fromEntries(weights.map((weight, index) => [index + 1, weight / sum]));
      const all = sequence(shares, length);
      for (const [release, share] of Object.entries(shares)) {
        const count = all.filter((one) => one === Number(release)).length;
        expect(Math.abs(count - share * length)).toBeLessThanOrEqual(1 + 1e-6);
      }
    }),
  );
});

test('a share of 1 gets everything, a share of 0 nothing, and no shares nothing at all', () => {
  expect(new Set(sequence({ 1: 0, 2: 1 }, 50))).toEqual(new Set([2]));
  expect(sequence({}, 2)).toEqual([null, null]);
});

test('1 % of a thousand requests are ten, evenly spread', () => {
  const positions = sequence({ 1: 0.99, 2: 0.01 }, 1000).flatMap((release, index) => (release === 2 ? [index] : []));
  expect(positions).toHaveLength(10);
  expect(positions.slice(1).every((position, index) => position - (positions[index] ?? 0) === 100)).toBe(true);
});
