import { expect, test } from 'vitest';
import { fineLogs, logFine, logWorse, worseLogs } from './relative.ts';

/** facts/rollouts.md section 9.4: x₁, m, q → E, E' to the printed digits (ρ₀ = 1, ρ₁ = 2). */
const PRINTED = [
  { bad: 1, events: 1, q: 0.05, worse: '8.1127', fine: '0.4097' },
  { bad: 2, events: 2, q: 0.05, worse: '92.2234', fine: '0.1860' },
  { bad: 3, events: 3, q: 0.05, worse: '1209.0315', fine: '0.0892' },
  { bad: 3, events: 3, q: 0.1, worse: '267.5434', fine: '0.1035' },
  { bad: 4, events: 4, q: 0.1, worse: '2097.7007', fine: '0.0536' },
  { bad: 5, events: 10, q: 0.1, worse: '59.3134', fine: '0.0463' },
  { bad: 0, events: 40, q: 0.1, worse: '0.0211', fine: '220.3239' },
  { bad: 2, events: 40, q: 0.1, worse: '0.0426', fine: '15.1631' },
];

test.each(PRINTED)('$bad of $events bad events at a share of $q weigh $worse for worse and $fine for fine', (row) => {
  expect(Math.exp(logWorse(worseLogs(row, 1))).toFixed(4)).toBe(row.worse);
  expect(Math.exp(logFine(fineLogs(row, 2))).toFixed(4)).toBe(row.fine);
});

/** Section 9.4: the smallest run of errors on the candidate alone that aborts, for q = .01, .05, .1, .25, .5. */
const SMALLEST_RUNS = [
  { alpha: 0.01, runs: [2, 3, 3, 4, 8] },
  { alpha: 0.05, runs: [2, 2, 2, 3, 6] },
  { alpha: 0.001, runs: [3, 3, 4, 6, 12] },
];

test.each(SMALLEST_RUNS)(
  'at a false alarm probability of $alpha runs of $runs errors abort, and no shorter ones',
  (row) => {
    const smallest = [0.01, 0.05, 0.1, 0.25, 0.5].map((q) => {
      let run = 1;
      while (logWorse(worseLogs({ bad: run, events: run, q }, 1)) < Math.log(1 / row.alpha)) run += 1;
      return run;
    });
    expect(smallest).toEqual(row.runs);
  },
);

test('an arm without requests tells nothing', () => {
  for (const [bad, q] of [
    [5, 1],
    [0, 0],
  ] as const) {
    expect(logWorse(worseLogs({ bad, events: 5, q }, 1))).toBeCloseTo(0, 12);
    expect(logFine(fineLogs({ bad, events: 5, q }, 2))).toBeCloseTo(0, 12);
  }
});

/** Mean of E over the binomial law of x₁ given m: at the border of the null hypothesis exactly 1 (a martingale). */
function meanWorse(events: number, q: number, ratio: number): number {
  const probability = (q * ratio) / (q * ratio + 1 - q);
  let mean = 0;
  let mass = (1 - probability) ** events;
  for (let bad = 0; bad <= events; bad += 1) {
    mean += mass * Math.exp(logWorse(worseLogs({ bad, events, q }, 1)));
    mass *= ((events - bad) / (bad + 1)) * (probability / (1 - probability));
  }
  return mean;
}

test('no better and no worse than stable: the evidence for worse is fair; better: it falls', () => {
  for (const events of [1, 2, 5, 20]) {
    for (const q of [0.01, 0.1, 0.5]) {
      expect(meanWorse(events, q, 1)).toBeCloseTo(1, 6);
      expect(meanWorse(events, q, 0.5)).toBeLessThan(1);
      expect(meanWorse(events, q, 3)).toBeGreaterThan(1);
    }
  }
});
