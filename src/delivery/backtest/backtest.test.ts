import { describe, expect, test } from 'vitest';
import { createRandom } from '../../kernel/random.ts';
import type { JudgeSettings } from '../environment-spec.ts';
import { argoPolicy, ARGO } from './argo-policy.ts';
import { type CounterSeries, recordingOf } from './counter-series.ts';
import { kayentaPolicy } from './kayenta-policy.ts';
import { FLAGGER, flaggerPolicy } from './flagger-policy.ts';
import type { RecordedLook, Recording } from './recording.ts';
import { runBacktest } from './run-backtest.ts';

const JUDGE: JudgeSettings = {
  tolerate: 1,
  detect: 2,
  falseAlarm: 0.01,
  miss: 0.05,
  within: 900_000,
  inconclusive: 'hold',
  slo: { errors: 0.01, p99: null },
  dry: false,
};

type Minute = readonly [requests: number, bad: number];

/** `[requests, bad]` of the candidate in each minute, over a stable release without errors. */
function minutes(...samples: readonly Minute[]): Recording {
  const looks = samples.map(([requests, bad], index): RecordedLook => {
    const stable = { requests: 1000, bad: 0 };
    return { at: (index + 1) * 60_000, counts: { candidate: { requests, bad }, stable } };
  });
  return { name: 'candidate over stable', hasStable: true, looks };
}

const GOOD = [100, 0] as const;
const BAD = [100, 2] as const;
const EMPTY = [0, 0] as const;

describe('argo-rollouts', () => {
  const at = (failureLimit: number, ...samples: readonly Minute[]) =>
    argoPolicy({ ...ARGO, failureLimit }).decide(minutes(...samples));

  test('aborts with one failure more than its limit', () => {
    expect(at(0, GOOD, BAD)).toMatchObject({ kind: 'abort', at: 120_000 });
    expect(at(1, GOOD, BAD)).toMatchObject({ kind: 'undecided' });
    expect(at(1, GOOD, BAD, BAD)).toMatchObject({ kind: 'abort', at: 180_000 });
  });

  test('promotes after its measurements, whatever they are worth', () => {
    const ten = Array.from({ length: 10 }, () => [1, 0] as const);
    expect(at(0, ...ten)).toMatchObject({ kind: 'promote', at: 600_000 });
  });

  test('asks five times for data that are not there, and then aborts', () => {
    expect(at(0, GOOD, EMPTY, EMPTY)).toMatchObject({ kind: 'abort', at: 160_000 });
    expect(at(0, GOOD, EMPTY)).toMatchObject({ kind: 'undecided' });
  });

  test('has nothing to say about a candidate that never got a request', () => {
    expect(at(0, EMPTY, EMPTY)).toMatchObject({ kind: 'undecided' });
  });
});

describe('flagger', () => {
  const decide = (...samples: readonly Minute[]) =>
    flaggerPolicy({ ...FLAGGER, threshold: 2, steps: 3 }).decide(minutes(...samples));

  test('rolls back one tick after the threshold, counted over the whole run', () => {
    expect(decide(BAD, GOOD, BAD)).toMatchObject({ kind: 'undecided' });
    expect(decide(BAD, GOOD, BAD, GOOD)).toMatchObject({ kind: 'abort', at: 240_000 });
  });

  test('takes a candidate without traffic for a bad one', () => {
    expect(decide(GOOD, EMPTY, EMPTY, GOOD)).toMatchObject({ kind: 'abort', at: 240_000 });
  });

  test('promotes after its steps', () => {
    expect(decide(GOOD, BAD, GOOD, GOOD)).toMatchObject({ kind: 'promote', at: 240_000 });
  });
});

describe('kayenta', () => {
  const after = (candidate: readonly Minute[]) => kayentaPolicy().decide(minutes(...candidate));
  const repeated = (minute: Minute, times: number): readonly Minute[] => Array.from({ length: times }, () => minute);

  test('compares fifty minutes once, and no fewer', () => {
    expect(after(repeated([100, 5], 49))).toEqual({ kind: 'undecided', because: '49 of 50 points' });
    expect(after(repeated([100, 5], 60))).toMatchObject({ kind: 'abort', at: 50 * 60_000 });
    expect(after(repeated(GOOD, 50))).toMatchObject({ kind: 'promote', at: 50 * 60_000 });
  });

  test('does not see one terrible minute in three', () => {
    const spiky = Array.from({ length: 50 }, (_, index): Minute => (index % 3 === 0 ? [100, 50] : GOOD));
    expect(after(spiky)).toMatchObject({ kind: 'promote' });
  });

  test('has nothing to compare a first release with', () => {
    expect(kayentaPolicy().decide({ ...minutes(GOOD), hasStable: false })).toMatchObject({ kind: 'undecided' });
  });
});

describe('cumulative counters', () => {
  const series = (more: Partial<CounterSeries>, ...values: readonly number[]): CounterSeries => ({
    arm: 'candidate',
    counts: 'all',
    samples: values.map((value, index) => [1000 * (index + 1), value]),
    ...more,
  });
  const requests = (...all: readonly CounterSeries[]) =>
    recordingOf('x', all).looks.map(({ counts }) => [counts.candidate.requests, counts.candidate.bad]);

  test('are counted from their first value', () => {
    expect(requests(series({}, 500, 510, 530))).toEqual([
      [10, 0],
      [20, 0],
    ]);
  });

  test('that begin anew are counted from zero', () => {
    expect(requests(series({}, 500, 510, 7, 8))).toEqual([
      [10, 0],
      [7, 0],
      [1, 0],
    ]);
  });

  test('that appear later were at zero before: the first error counts', () => {
    const errors = series({ counts: 'bad', samples: [[3000, 1]] });
    expect(requests(series({}, 500, 510, 520), errors)).toEqual([
      [10, 0],
      [10, 1],
    ]);
  });

  test('of several replicas are added, and a gap or a value that is none loses nothing', () => {
    const gap = series({ samples: [[1000, 10], [2000, NaN], [4000, 40]] }); // prettier-ignore
    expect(requests(series({}, 0, 1, 2, 3), gap)).toEqual([
      [1, 0],
      [1, 0],
      [31, 0],
    ]);
  });

  test('belong to the arm that they name', () => {
    const recording = recordingOf('x', [series({}, 0, 5), series({ arm: 'stable' }, 0, 7)]);
    expect(recording).toMatchObject({ hasStable: true, looks: [{ at: 1000, counts: { stable: { requests: 7 } } }] });
    expect(recordingOf('x', [series({}, 0, 5)]).hasStable).toBe(false);
  });
});

describe('all policies', () => {
  /** Seconds of 100 requests, one in twenty to the candidate, each bad by chance. */
  const drawn = (rates: { readonly candidate: number; readonly stable: number }, seconds: number): Recording => {
    const random = createRandom(3);
    const draw = (count: number, rate: number) => {
      const bad = Array.from({ length: count }, () => random.next() < rate).filter(Boolean).length;
      return { requests: count, bad };
    };
    const looks = Array.from({ length: seconds }, (_, second): RecordedLook => {
      const counts = { candidate: draw(5, rates.candidate), stable: draw(95, rates.stable) };
      return { at: (second + 1) * 1000, counts };
    });
    return { name: 'x', hasStable: true, looks };
  };

  test('are held against one bad release: ours is the first, the stricter bar comes later, Kayenta after all', () => {
    const all = runBacktest(drawn({ candidate: 0.1, stable: 0.001 }, 1200), JUDGE);
    expect(all.at(-1)?.decided).toEqual({ kind: 'undecided', because: '20 of 50 points' });
    const rows = all.slice(0, -1);
    const at = rows.map(({ decided }) => (decided.kind === 'abort' ? decided.at : Infinity));
    const [loose = 0, usual = 0, strict = 0, ...others] = at;
    expect(loose).toBeLessThanOrEqual(usual);
    expect(usual).toBeLessThanOrEqual(strict);
    expect(usual).toBeLessThan(15_000);
    expect(Math.min(...others)).toBeGreaterThanOrEqual(60_000);
    expect(
      rows.every(({ seen, decided }) => decided.kind === 'abort' && seen.requests === (decided.at / 1000) * 5),
    ).toBe(true);
  });

  test('are held against one good release: ours lets it pass', () => {
    const rows = runBacktest(drawn({ candidate: 0.001, stable: 0.001 }, 1200), JUDGE);
    expect(rows.slice(0, 3).map(({ decided }) => decided.kind)).toEqual(['promote', 'promote', 'promote']);
  });

  test('decide nothing on nothing', () => {
    const rows = runBacktest({ name: 'x', hasStable: true, looks: [] }, JUDGE);
    expect(new Set(rows.map(({ decided }) => decided.kind))).toEqual(new Set(['undecided']));
  });
});
