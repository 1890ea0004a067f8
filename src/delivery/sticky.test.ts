import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stickyBucket, stickySplit } from './sticky.ts';

const KEYS = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);

describe('the bucket of a key', () => {
  test('is the same for ever: the first thirteen digits of what sha256sum prints', () => {
    expect(stickyBucket('ana', 'herald/local/3')).toBe(0xa2d0678863edb / 2 ** 52);
    expect(stickyBucket('', '')).toBe(0x01ba4719c80b6 / 2 ** 52);
  });

  test('is spread evenly: each tenth of the line has its tenth of the keys, within five standard deviations', () => {
    const tenths = Array<number>(10).fill(0);
    for (const key of KEYS) {
      const tenth = Math.floor(stickyBucket(key, 'herald/local/3') * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    const bound = 5 * Math.sqrt(KEYS.length * 0.1 * 0.9);
    for (const count of tenths) expect(Math.abs(count - KEYS.length / 10)).toBeLessThan(bound);
  });

  test('is dealt anew in the next rollout: of those below a tenth, a tenth is there again', () => {
    const again = KEYS.filter((key) => stickyBucket(key, 'herald/local/3') < 0.1).map((key) =>
      stickyBucket(key, 'herald/local/4'),
    );
    const bound = 5 * Math.sqrt(again.length * 0.1 * 0.9);
    expect(Math.abs(again.filter((bucket) => bucket < 0.1).length - again.length / 10)).toBeLessThan(bound);
  });

  test('is a place on the line, whatever the key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (key, rollout) => {
        const bucket = stickyBucket(key, rollout);
        expect(bucket).toBeGreaterThanOrEqual(0);
        expect(bucket).toBeLessThan(1);
      }),
    );
  });
});

describe('the sticky split', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 8 });

  test('without a share nobody gets a key', () => {
    expect(stickySplit({})(0.3)).toBeNull();
    expect(stickySplit({ 4: 0 })(0.3)).toBeNull();
  });

  test('the candidate has exactly the buckets below its weight', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.double({ min: 0, max: 1, maxExcluded: true }),
        (percent, bucket) => {
          fc.pre(!Number.isNaN(bucket));
          const weight = percent / 100;
          expect(stickySplit({ 3: 1 - weight, 7: weight })(bucket)).toBe(bucket < weight ? 7 : 3);
        },
      ),
    );
  });

  test('while weights rise no key changes its release more than once, and none goes back', () => {
    fc.assert(
      fc.property(weights, fc.string(), fc.string(), (percents, key, rollout) => {
        const rising = percents.toSorted((one, other) => one - other).map((percent) => percent / 100);
        const bucket = stickyBucket(key, rollout);
        const seen = rising.map((weight) => stickySplit({ 1: 1 - weight, 2: weight })(bucket));
        expect(seen).toEqual(seen.toSorted((one, other) => Number(one) - Number(other)));
      }),
    );
  });

  test('beside other releases too, raising the newest one takes none of its keys away', () => {
    const bucket = fc.integer({ min: 0, max: 9_999 }).map((part) => part / 10_000);
    const others = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(bucket, others, fc.integer({ min: 1, max: 98 }), (place, sizes, percent) => {
        const sum = sizes.reduce((total, size) => total + size, 0);
        const splitAt = (weight: number): ((bucket: number) => number | null) =>
          stickySplit({
            ...Object.fromEntries(sizes.map((size, index) => [index + 1, ((1 - weight) * size) / sum])),
            9: weight,
          });
        const [before, after] = [splitAt(percent / 100)(place), splitAt((percent + 1) / 100)(place)];
        expect(before !== 9 || after === 9).toBe(true);
      }),
    );
  });

  test('while the newest grows into the oldest, one in between keeps its keys', () => {
    const before = stickySplit({ 1: 0.8, 2: 0.1, 3: 0.1 });
    const after = stickySplit({ 1: 0.4, 2: 0.1, 3: 0.5 });
    for (const key of KEYS.slice(0, 1000)) {
      const bucket = stickyBucket(key, 'x');
      expect(after(bucket) === 2).toBe(before(bucket) === 2);
    }
  });

  test('each release has the share of the line that it is given', () => {
    const shares: Readonly<Record<number, number>> = { 1: 0.2, 2: 0.3, 5: 0.5 };
    const release = stickySplit(shares);
    const got: Record<number, number> = {};
    for (let part = 0; part < 10_000; part += 1) {
      const owner = release((part + 0.5) / 10_000) ?? 0;
      got[owner] = (got[owner] ?? 0) + 1;
    }
    expect(got).toEqual({ 1: 2000, 2: 3000, 5: 5000 });
  });
});
