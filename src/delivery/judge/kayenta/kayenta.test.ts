/** The vectors K01–K12 of facts/rollouts.md section 8.5, the oddities of 8.3, and the scores of step 5. */

import { describe, expect, test } from 'vitest';
import { type Classification, classify, type ClassifySettings, DEFAULTS } from './classify.ts';
import { kayentaJudge, USUAL } from './kayenta-judge.ts';
import { shiftBetween } from './mann-whitney.ts';
import { normalQuantile } from './normal-quantile.ts';
import { prepare } from './prepare.ts';
import { score, type ScoredMetric } from './score.ts';

const SUITE: ClassifySettings = { ...DEFAULTS, tolerance: 0.1, confidence: 0.95 };

const FAR = [20, 22, 21, 25, 30];
const NEAR = [1, 2.2, 1.1, 2.5, 3];

function effect(decrease: number, increase: number): Pick<ClassifySettings, 'effect'> {
  return { effect: { measure: 'meanRatio', decrease, increase } };
}

test('K01: the interval of a shift', () => {
  expect(shiftBetween([10, 20, 30, 40], [1, 2, 3, 4], 0.98)).toEqual({ low: 6, high: 39, estimate: 22.5 });
});

test('K02: the quantile of the normal law', () => {
  expect(normalQuantile(0.01)).toBeCloseTo(-2.326348, 6);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6);
});

interface Vector {
  readonly name: string;
  readonly experiment: readonly number[];
  readonly control: readonly number[];
  readonly settings: Partial<ClassifySettings>;
  readonly classification: Classification;
  readonly critical?: boolean;
}

const LOW = { experiment: [2, 2, 2, 2, 3], control: [10, 20.2, 10.1, 20.5, 30] };

const VECTORS: readonly Vector[] = [
  { name: 'K03', experiment: FAR, control: NEAR, settings: effect(0.8, 1.2), classification: 'High' },
  {
    name: 'K04',
    experiment: [10, 12.2, 10.1, 12.5, 23],
    control: FAR,
    settings: effect(0.5, 1),
    classification: 'Pass',
  },
  {
    name: 'K05',
    experiment: FAR,
    control: NEAR,
    settings: { critical: { decrease: 1, increase: 1.2 } },
    classification: 'High',
    critical: true,
  },
  {
    name: 'K06',
    ...LOW,
    settings: { critical: { decrease: 1.2, increase: 1 } },
    classification: 'Low',
    critical: true,
  },
  {
    name: 'K07',
    experiment: FAR,
    control: NEAR,
    settings: { ...effect(1, 5), critical: { decrease: 1, increase: 13 } },
    classification: 'High',
  },
  {
    name: 'K08',
    experiment: FAR,
    control: NEAR,
    settings: { ...effect(1, 13), critical: { decrease: 1, increase: 15 } },
    classification: 'Pass',
  },
  {
    name: 'K09',
    experiment: FAR,
    control: NEAR,
    settings: { critical: { decrease: 1, increase: 1 } },
    classification: 'High',
    critical: true,
  },
  { name: 'K10', experiment: [1, 1, 1], control: [1, 1], settings: { direction: 'decrease' }, classification: 'Pass' },
  { name: 'K11', experiment: [1, 2, 3, 4, 5], control: [5, 4, 3, 2, 1], settings: {}, classification: 'Pass' },
  { name: 'K12', experiment: [0, 1, 1, 1, 1], control: [1, 1, 1, 1, 1], settings: {}, classification: 'Pass' },
];

test.each(VECTORS)('$name: $experiment against $control is $classification', (vector) => {
  const { experiment, control, settings, classification, critical = false } = vector;
  expect(classify(experiment, control, { ...SUITE, ...settings })).toEqual({ classification, critical });
});

describe('the oddities', () => {
  const ones = Array.from({ length: 10 }, () => 1);
  const spikes = (count: number): readonly number[] => ones.map((one, index) => (index < count ? 100 : one));

  test('seven of ten points a hundred times higher pass, eight do not (spinnaker#6278)', () => {
    const { low, high, estimate } = shiftBetween(spikes(7), ones, 0.98);
    expect([low.toExponential(3), high, estimate.toFixed(5)]).toEqual(['6.825e-5', 99, '98.99993']);
    expect(classify(spikes(7), ones, DEFAULTS).classification).toBe('Pass');
    expect(classify(spikes(8), ones, DEFAULTS).classification).toBe('High');
  });

  test('a few errors against none pass (kayenta#426)', () => {
    const shift = shiftBetween([0, 1, 2, 1, 0, 0], [0, 0, 0, 0, 0, 0], 0.98);
    expect([shift.low, shift.high, shift.estimate.toFixed(4)]).toEqual([0, 2, '0.8127']);
    expect(classify([0, 1, 2, 1, 0, 0], [0, 0, 0, 0, 0, 0], DEFAULTS).classification).toBe('Pass');
  });
});

test('a direction that is not asked for passes', () => {
  expect(classify(FAR, NEAR, { ...SUITE, direction: 'decrease' }).classification).toBe('Pass');
  expect(classify(NEAR, FAR, { ...SUITE, direction: 'increase' }).classification).toBe('Pass');
  expect(classify(NEAR, FAR, { ...SUITE, direction: 'decrease' }).classification).toBe('Low');
});

test('values that are constant on both sides are told apart', () => {
  expect(classify([5, 5, 5, 5, 5], [3, 3, 3, 3, 3], SUITE).classification).toBe('High');
});

test('the common language effect size is how often the experiment is larger', () => {
  const cles = (increase: number): ClassifySettings => {
    return { ...SUITE, effect: { measure: 'cles', decrease: 0.5, increase } };
  };
  // Every value is larger than every other: 1.
  expect(classify(FAR, NEAR, cles(1)).classification).toBe('High');
  expect(classify(FAR, NEAR, cles(1.01)).classification).toBe('Pass');
});

describe('points', () => {
  test('without a value are removed or become zero', () => {
    expect(prepare([1, NaN, 3], { missing: 'remove', outliers: 'keep' })).toEqual([1, 3]);
    expect(prepare([1, NaN, 3], { missing: 'zero', outliers: 'keep' })).toEqual([1, 0, 3]);
  });

  test('far outside of the others are removed when that is asked for', () => {
    const points = [...Array.from({ length: 200 }, (_, index) => 10 + (index % 5)), 1000];
    expect(prepare(points, { missing: 'remove', outliers: 'remove' })).not.toContain(1000);
    expect(prepare(points, { missing: 'remove', outliers: 'keep' })).toContain(1000);
  });
});

describe('the score', () => {
  const metric = (
    classification: Classification,
    group = 'g',
    weightOf: ScoredMetric['weightOf'] = 'normal',
  ): ScoredMetric => {
    return { classification, groups: [group], weightOf };
  };
  const of = (metrics: readonly ScoredMetric[], weights: Readonly<Record<string, number>> = {}): number =>
    score(metrics, weights, USUAL).score;

  test('is the share of metrics that pass', () => {
    expect(of([metric('Pass')])).toBe(100);
    expect(of([metric('High')])).toBe(0);
    expect(of([metric('Pass'), metric('High')])).toBe(50);
    expect(of([metric('Pass'), metric('High'), metric('Low')])).toBe(33.33);
  });

  test('weighs groups, and those without a weight share the rest', () => {
    const two = [metric('Pass', 'one'), metric('Pass', 'one'), metric('High', 'two')];
    expect(of(two, { one: 75, two: 25 })).toBe(75);
    expect(of([metric('Pass', 'one'), metric('High', 'one'), metric('High', 'two')], { one: 50, two: 50 })).toBe(25);
    expect(of(two, { one: 80 })).toBe(80);
  });

  test('is 0 with a critical metric that does not pass, and when half has no data', () => {
    expect(of([metric('Pass'), metric('High', 'g', 'critical')])).toBe(0);
    expect(of([metric('Low'), metric('Pass', 'g', 'critical')])).toBe(50);
    expect(of([metric('Nodata')])).toBe(0);
    expect(of([metric('Nodata'), metric('Pass')])).toBe(0);
  });

  test('passes over what is only reported, and counts a group without data as passed', () => {
    expect(of([metric('Pass'), metric('High', 'g', 'reportOnly')])).toBe(100);
    const { score: total, groups } = score(
      [metric('Pass', 'a'), metric('Pass', 'a'), metric('Nodata', 'b')],
      {},
      USUAL,
    );
    expect([total, groups]).toEqual([100, { a: 100, b: 0 }]);
  });

  test('is put into words by two thresholds', () => {
    const classificationOf = (passes: number): string =>
      score(
        Array.from({ length: 20 }, (_, index) => metric(index < passes ? 'Pass' : 'High')),
        {},
        USUAL,
      ).classification;
    expect([19, 18, 15, 14].map(classificationOf)).toEqual(['Pass', 'Marginal', 'Marginal', 'Fail']);
  });
});

describe('a judgement', () => {
  const errors = { name: 'errors', groups: ['errors'], experiment: FAR, control: NEAR, settings: SUITE };

  test('goes from points to a score', () => {
    const good = { ...errors, name: 'latency', groups: ['latency'], experiment: NEAR };
    expect(kayentaJudge([errors, good])).toMatchObject({
      score: 50,
      classification: 'Fail',
      groups: { errors: 0, latency: 100 },
    });
    expect(kayentaJudge([{ ...errors, critical: true }, good]).score).toBe(0);
  });

  test('without data is no failure unless there must be some', () => {
    const empty = { ...errors, experiment: [NaN, NaN] };
    expect(kayentaJudge([empty]).metrics['errors']?.classification).toBe('Nodata');
    expect(kayentaJudge([{ ...empty, mustHaveData: true }]).metrics['errors']?.classification).toBe('NodataFailMetric');
  });
});
