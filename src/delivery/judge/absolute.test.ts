import { expect, test } from 'vitest';
import { logBreach, logWithin } from './absolute.ts';

test.each([
  [0, 331],
  [1, 699],
  [2, 910],
  [3, 1108],
])('with %i errors %i requests are needed to prove an SLO of 1 %% at a miss of 5 %%', (bad, smallest) => {
  let requests = bad;
  while (logWithin({ requests, bad }, 0.01) < Math.log(20)) requests += 1;
  expect(requests).toBe(smallest);
});

/** Exact mean of an e-value over the binomial law of the bad requests. */
function mean(logOf: (sample: { requests: number; bad: number }) => number, requests: number, rate: number): number {
  let total = 0;
  let mass = (1 - rate) ** requests;
  for (let bad = 0; bad <= requests; bad += 1) {
    total += mass * Math.exp(logOf({ requests, bad }));
    mass *= ((requests - bad) / (bad + 1)) * (rate / (1 - rate));
  }
  return total;
}

test('both tests are fair at the SLO and fall on the side of what they do not prove', () => {
  for (const slo of [0.01, 0.05, 0.3]) {
    const within = (sample: { requests: number; bad: number }): number => logWithin(sample, slo);
    const breach = (sample: { requests: number; bad: number }): number => logBreach(sample, slo);
    expect(mean(within, 60, slo)).toBeCloseTo(1, 6);
    expect(mean(breach, 60, slo)).toBeCloseTo(1, 6);
    expect(mean(within, 60, slo * 2)).toBeLessThan(1);
    expect(mean(breach, 60, slo / 2)).toBeLessThan(1);
  }
});

test('a service that fails every request breaks any SLO, and nothing breaks when all are good', () => {
  expect(logBreach({ requests: 5, bad: 5 }, 0.05)).toBeGreaterThan(Math.log(100));
  expect(logBreach({ requests: 500, bad: 0 }, 0.05)).toBeLessThan(0);
});

test('an SLO of 0 or 1 proves nothing', () => {
  expect(logWithin({ requests: 1000, bad: 0 }, 0)).toBe(0);
  expect(logBreach({ requests: 1000, bad: 1000 }, 1)).toBe(0);
});
