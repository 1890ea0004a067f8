import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSplit } from './split.ts';

function deal(split: ReturnType<typeof createSplit>, count: number): (number | null)[] {
  return Array.from({ length: count }, () => split.next());
}

/** The largest distance, over all windows, between what a release got and what its shares (one per request) owe it. */
function worstWindow(dealt: readonly (number | null)[], release: number, owed: readonly number[]): number {
  let [balance, least, most] = [0, 0, 0];
  let worst = 0;
  for (const [index, got] of dealt.entries()) {
    balance += (got === release ? 1 : 0) - (owed[index] ?? 0);
    worst = Math.max(worst, balance - least, most - balance);
    least = Math.min(least, balance);
    most = Math.max(most, balance);
  }
  return worst;
}

const TINY = 1e-5;

describe('the exact split', () => {
  test('without a share nobody gets a request', () => {
    expect(createSplit().next()).toBeNull();
  });

  test('one release gets every request', () => {
    const split = createSplit();
    split.change({ 7: 1 });
    expect(deal(split, 3)).toEqual([7, 7, 7]);
  });

  test('5 % is one request in twenty, evenly spaced', () => {
    const split = createSplit();
    split.change({ 1: 0.95, 2: 0.05 });
    const positions = deal(split, 200).flatMap((release, index) => (release === 2 ? [index] : []));
    expect(positions).toEqual([10, 30, 50, 70, 90, 110, 130, 150, 170, 190]);
  });

  test('over any window two releases get their shares to within one request', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: 1, max: 700 }), (millionths, count) => {
        const share = millionths / 1_000_000;
        const split = createSplit();
        split.change({ 3: 1 - share, 4: share });
        const dealt = deal(split, count);
        expect(worstWindow(dealt, 4, Array(count).fill(share))).toBeLessThanOrEqual(1 + TINY);
      }),
    );
  });

  test('a change of the shares makes no jump: the window may span it', () => {
    const stage = fc.record({ percent: fc.integer({ min: 1, max: 99 }), count: fc.integer({ min: 1, max: 60 }) });
    fc.assert(
      fc.property(fc.array(stage, { minLength: 2, maxLength: 8 }), (stages) => {
        const split = createSplit();
        const dealt: (number | null)[] = [];
        const owed: number[] = [];
        for (const { percent, count } of stages) {
          split.change({ 1: 1 - percent / 100, 2: percent / 100 });
          dealt.push(...deal(split, count));
          owed.push(...Array<number>(count).fill(percent / 100));
        }
        expect(worstWindow(dealt, 2, owed)).toBeLessThanOrEqual(1 + TINY);
      }),
    );
  });

  test('naming the same shares again changes nothing', () => {
    const [once, again] = [createSplit(), createSplit()];
    for (const split of [once, again]) split.change({ 1: 0.7, 2: 0.3 });
    const expected = deal(once, 50);
    const dealt = Array.from({ length: 50 }, () => {
      again.change({ 1: 0.7, 2: 0.3 });
      return again.next();
    });
    expect(dealt).toEqual(expected);
  });

  test('many releases get theirs to within one request from the start, two over any window', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 3, maxLength: 6 }), (weights) => {
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const split = createSplit();
        split.change(Object.fromEntries(weights.map((weight, index) => [index + 1, weight / sum])));
        const dealt = deal(split, 400);
        for (const [index, weight] of weights.entries()) {
          const owed = Array<number>(400).fill(weight / sum);
          expect(worstWindow(dealt, index + 1, owed)).toBeLessThanOrEqual(2);
          let got = 0;
          for (const [at, release] of dealt.entries()) {
            if (release === index + 1) got += 1;
            expect(Math.abs(got - ((at + 1) * weight) / sum)).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });
});
