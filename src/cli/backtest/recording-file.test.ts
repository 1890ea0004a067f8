import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Recording } from '../../delivery/index.ts';
import { readRecordings } from './recording-file.ts';
import type { RecordingWish } from './recording-wish.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/backtest');
const WISH: RecordingWish = {
  file: 'file',
  candidate: undefined,
  stable: undefined,
  errors: undefined,
  total: undefined,
  rollout: undefined,
};

function read(text: string, wish: Partial<RecordingWish> = {}): readonly Recording[] {
  return readRecordings(text, { ...WISH, ...wish });
}

/** `[candidate, bad of it, stable, bad of it]` over the whole recording. */
function totals(recording: Recording | undefined): readonly number[] {
  const sums = [0, 0, 0, 0];
  for (const { counts } of recording?.looks ?? []) {
    const { candidate, stable } = counts;
    [candidate.requests, candidate.bad, stable.requests, stable.bad].forEach((value, index) => {
      sums[index] = (sums[index] ?? 0) + value;
    });
  }
  return sums;
}

describe('a range of Prometheus', () => {
  const text = readFileSync(join(FIXTURES, 'prometheus-range.json'), 'utf8');
  const arms = { candidate: 'release=v2', stable: 'release=v1' };

  test('is added up over pods, over a restart, and from the first error on', () => {
    // 5325 requests and 162 errors were put in for the candidate; the stable pods answered 700 each in each of 80 intervals.
    const [recording] = read(text, arms);
    expect(totals(recording).slice(0, 3)).toEqual([5325, 162, 112_000]);
    expect(recording).toMatchObject({ name: 'release=v2 over release=v1', hasStable: true });
    expect(recording?.looks).toHaveLength(80);
  });

  test('is read by the labels that are named', () => {
    const [onePod] = read(text, { candidate: 'pod=greeter-v1-b', stable: 'pod=greeter-v1-a', errors: 'code=200' });
    const [requests = 0, bad = 0, stable] = totals(onePod);
    expect([requests, stable]).toEqual([56_000, 56_000]);
    expect(bad).toBeGreaterThan(55_000);
  });

  test('with a counter of its own for errors does not count them twice', () => {
    const series = (name: string, values: readonly string[]) => ({
      metric: { __name__: name, release: 'v2' },
      values: values.map((value, index) => [100 + index, value]),
    });
    const result = [series('requests_total', ['10', '30']), series('errors_total', ['1', '3'])];
    const ranges = JSON.stringify({ data: { resultType: 'matrix', result } });
    const [recording] = read(ranges, { candidate: 'release=v2', errors: '__name__=errors_total' });
    expect(totals(recording)).toEqual([20, 2, 0, 0]);
    expect(recording?.hasStable).toBe(false);
  });

  test('that does not say who is who is refused with the labels that there are', () => {
    expect(() => read(text)).toThrow(/labels are .*release \(v1, v2\)/);
    expect(() => read(text, { candidate: 'release=v3' })).toThrow(/No series of requests matches release=v3/);
    expect(() => read(text, { candidate: 'v3' })).toThrow(/selects nothing/);
  });
});

describe('rows of counters', () => {
  const text = readFileSync(join(FIXTURES, 'counters.ndjson'), 'utf8');

  test('are added up over a restart, and the newer release is the candidate', () => {
    const [recording] = read(text);
    expect(totals(recording).slice(0, 3)).toEqual([450, 34, 8550]);
    expect(recording?.name).toBe('#2 over #1');
    const [swapped] = read(text, { candidate: 'release=1', stable: 'release=2' });
    expect(totals(swapped).slice(0, 1)).toEqual([8550]);
  });

  test('of three releases must say which are meant', () => {
    const third = '{"at":1,"release":3,"requests":0,"errors":0}\n';
    expect(() => read(text + third)).toThrow(/not clear which release is the candidate: there are 3, 2, 1/);
  });

  test('that are none are refused with their line', () => {
    expect(() => read('')).toThrow(/it is empty/);
    expect(() => read('{"at":1,"release":1,"requests":0,"errors":0}\nnonsense\n')).toThrow(/line 2 is no JSON/);
    expect(() => read('{"at":1,"release":1,"errors":0}\n{"at":2}')).toThrow(/line 1: .*requests/);
  });
});

describe('a history', () => {
  const counts = { candidate: { requests: 5, bad: 1 }, stable: { requests: 95, bad: 0 } };
  const rollout = (number: number, looks: readonly unknown[]) => ({
    rollout: `herald/local/${number}`,
    number,
    candidate: number,
    stable: number - 1,
    looks,
  });
  const history = JSON.stringify({
    version: 1,
    rollouts: [rollout(3, [{ at: 1000, counts }]), rollout(2, []), rollout(1, [{ at: 1000, counts }])],
  });

  test('gives each rollout in which something was counted', () => {
    expect(read(history).map(({ name }) => name)).toEqual(['herald/local/3: #3 over #2', 'herald/local/1: #1 over #0']);
    expect(read(history, { rollout: 1 }).map((one) => totals(one))).toEqual([[5, 1, 95, 0]]);
  });

  test('without the one that is asked for, or of another version, is refused', () => {
    expect(() => read(history, { rollout: 2 })).toThrow(/Rollout 2 is not in it/);
    expect(() => read('{"version":2,"rollouts":[]}')).toThrow(/no recording that we know/);
  });
});
