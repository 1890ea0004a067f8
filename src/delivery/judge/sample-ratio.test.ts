import { describe, expect, test } from 'vitest';
import { createRandom } from '../../kernel/random.ts';
import { addNewKeys, logDealtOtherwise, logSampleRatio, type SampleRatio } from './sample-ratio.ts';

/** facts/rollouts.md section 9.8: ln of the Bayes factor for the prior c = 1 and c = 100. */
const PRINTED = [
  { counts: [900, 100], shares: [0.9, 0.1], one: -3.9748, hundred: -1.2066 },
  { counts: [850, 150], shares: [0.9, 0.1], one: 8.0751, hundred: 9.8671 },
  { counts: [870, 130], shares: [0.9, 0.1], one: 0.5196, hundred: 2.9099 },
  { counts: [9000, 1000], shares: [0.9, 0.1], one: -5.1264, hundred: -2.3159 },
  { counts: [8900, 1100], shares: [0.9, 0.1], one: 0.2298, hundred: 2.9893 },
  { counts: [8700, 1300], shares: [0.9, 0.1], one: 40.885, hundred: 43.277 },
  { counts: [550, 450], shares: [0.5, 0.5], one: 1.3284, hundred: 3.3547 },
  { counts: [600, 400], shares: [0.5, 0.5], one: 16.456, hundred: 17.099 },
];

test.each(PRINTED)('$counts keys at $shares weigh $one with a weak prior, $hundred with a strong one', (row) => {
  expect(logDealtOtherwise(row.counts, row.shares, 1)).toBeCloseTo(row.one, 3);
  expect(logDealtOtherwise(row.counts, row.shares, 100)).toBeCloseTo(row.hundred, 3);
});

/** So many seconds with ten new keys each, of which each goes to the candidate with this probability. */
function deal(
  ratio: SampleRatio | null,
  weight: number,
  { seconds = 100, seed = 1, real = weight } = {},
): SampleRatio | null {
  const random = createRandom(seed);
  let next = ratio;
  for (let second = 0; second < seconds; second += 1) {
    let candidate = 0;
    for (let key = 0; key < 10; key += 1) if (random.next() < real) candidate += 1;
    next = addNewKeys(next, { candidate, stable: 10 - candidate, weight });
  }
  return next;
}

describe('new keys', () => {
  test('dealt by the weights say nothing against it, at any weight or one after another', () => {
    const all = deal(deal(deal(null, 0.05), 0.25, { seed: 2 }), 0.5, { seed: 3 });
    expect(logSampleRatio(all)).toBeLessThan(Math.log(1000));
  });

  test('of which the candidate gets twice its share are found out, and a later weight does not hide it', () => {
    const wrong = deal(null, 0.05, { real: 0.1 });
    expect(logSampleRatio(wrong)).toBeGreaterThan(Math.log(1000));
    expect(logSampleRatio(deal(wrong, 0.25, { seconds: 5 }))).toBeGreaterThan(Math.log(1000));
  });

  test('at a weight of 0 or 1 are not left to chance, and tell nothing', () => {
    expect(addNewKeys(null, { candidate: 10, stable: 0, weight: 1 })).toBeNull();
    expect(logSampleRatio(null)).toBe(0);
  });

  test('dealt rightly raise a false alarm in at most one of a thousand comparisons', () => {
    let alarms = 0;
    for (let seed = 1; seed <= 400; seed += 1) {
      if (logSampleRatio(deal(null, 0.1, { seconds: 30, seed })) >= Math.log(1000)) alarms += 1;
    }
    // Expected 0.4; more than 3 has a probability below 0.1 %.
    expect(alarms).toBeLessThanOrEqual(3);
  });
});
