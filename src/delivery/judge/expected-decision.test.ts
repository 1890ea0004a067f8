import { describe, expect, test } from 'vitest';
import { PLAN } from '../rehearsal/sample-spec.ts';
import { type ComparisonPlan, expectedDecision, expectedPass } from './expected-decision.ts';

const AT_5_PERCENT: ComparisonPlan = { weight: 0.05, rate: 100, baseline: 0.001, ratio: 100, settings: PLAN.judge };

/** facts/rollouts.md section 9.5, seconds to abort, median and p90, at a stable error share of 0.1 %. */
const PRINTED = [
  { weight: 0.05, rate: 100, errors: 0.02, median: 32, p90: 73, harmed: 3.8 },
  { weight: 0.05, rate: 100, errors: 0.1, median: 5, p90: 11, harmed: 3.1 },
  { weight: 0.05, rate: 1000, errors: 0.02, median: 4, p90: 8, harmed: 4.3 },
  { weight: 0.1, rate: 100, errors: 0.02, median: 18, p90: 41, harmed: 4.3 },
  { weight: 0.1, rate: 100, errors: 0.1, median: 3, p90: 7, harmed: 3.8 },
  { weight: 0.25, rate: 100, errors: 0.02, median: 11, p90: 21, harmed: 6.0 },
];

test.each(PRINTED)('at $weight and $rate/s errors of $errors are aborted when they should be', (row) => {
  const expected = expectedDecision({ ...AT_5_PERCENT, ...row, ratio: row.errors / 0.001 });
  expect(expected.decided).toBe(1);
  // 300 runs: the median of such a law is known to about a tenth, its 90th percentile as well; a look takes a second.
  expect(Math.abs((expected.median ?? 0) - row.median)).toBeLessThanOrEqual(1 + 0.15 * row.median);
  expect(Math.abs((expected.p90 ?? 0) - row.p90)).toBeLessThanOrEqual(1 + 0.2 * row.p90);
  expect(Math.abs(expected.harmed - row.harmed)).toBeLessThanOrEqual(0.1 * row.harmed);
});

describe('a candidate as good as stable', () => {
  test('needs about a minute at 5 % and seconds at 50 % (section 9.10)', () => {
    const pass = (weight: number): number => expectedPass({ ...AT_5_PERCENT, weight, ratio: 1 }).median ?? 0;
    expect(Math.abs(pass(0.05) - 67)).toBeLessThanOrEqual(3);
    expect(Math.abs(pass(0.5) - 7)).toBeLessThanOrEqual(1);
  });

  test('is aborted no more often than α', () => {
    expect(expectedDecision({ ...AT_5_PERCENT, baseline: 0.02, ratio: 1 }).decided).toBeLessThan(0.03);
  });
});

describe('traffic that is too low', () => {
  test('leaves regressions undecided, and counts what they spoil until the time is over', () => {
    const expected = expectedDecision({ ...AT_5_PERCENT, rate: 1, ratio: 10 });
    expect(expected.median).toBeNull();
    expect(expected.p90).toBeNull();
    expect(expected.decided).toBeLessThan(0.05);
    // 45 requests of the candidate, 1 % of them.
    expect(expected.harmed).toBeCloseTo(0.45, 0);
  });

  test('leaves a healthy candidate unproven', () => {
    expect(expectedPass({ ...AT_5_PERCENT, rate: 0.1, ratio: 1 }).median).toBeNull();
  });
});

test('where nothing serves beside it, only what is above the SLO is found', () => {
  const alone = { ...AT_5_PERCENT, weight: 1 };
  expect(expectedDecision({ ...alone, ratio: 5 }).decided).toBe(0);
  expect(expectedDecision({ ...alone, ratio: 50 }).p90).toBeLessThanOrEqual(4);
});

test('a second metric that gates costs a little time', () => {
  const settings = { ...PLAN.judge, slo: { errors: 0.01, p99: 500 } };
  const [one, two] = [
    expectedDecision({ ...AT_5_PERCENT, ratio: 20 }),
    expectedDecision({ ...AT_5_PERCENT, ratio: 20, settings }),
  ];
  expect(two.median ?? 0).toBeGreaterThanOrEqual(one.median ?? 0);
  expect(expectedDecision({ ...AT_5_PERCENT, ratio: 20, settings })).toEqual(two);
});
