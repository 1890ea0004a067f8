import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CounterRow, LATENCY_EDGES, noLatency } from '../observation.ts';
import { type CounterBaseline, type CounterReading, type CountingPlan, countersSince } from './counters.ts';

const PLAN: CountingPlan = { candidate: 2, stable: 1, sources: ['split', 'mirror'], edge: null, share: 0.1 };

function row(release: number, replica: string, requests: number, more: Partial<CounterRow> = {}): CounterRow {
  return {
    release,
    replica,
    epoch: 'a',
    requests,
    errors: 0,
    traps: 0,
    timeouts: 0,
    latency: noLatency(),
    source: 'split',
    platform: null,
    units: null,
    ...more,
  };
}

function counted(reading: CounterReading): Extract<CounterReading, { kind: 'counted' }> {
  if (reading.kind === 'error') throw new Error(reading.message);
  return reading;
}

function from(rows: readonly CounterRow[]): CounterBaseline {
  return counted(countersSince(null, rows, PLAN)).baseline;
}

test('the first snapshot is where counting begins', () => {
  const { counts } = counted(countersSince(null, [row(1, 'x', 500, { errors: 5 })], PLAN));
  expect(counts.stable).toEqual({ requests: 0, bad: 0 });
});

test('differences are summed per arm and other releases are passed over', () => {
  const baseline = from([row(1, 'x', 500, { errors: 5 }), row(9, 'z', 7)]);
  const rows = [row(1, 'x', 600, { errors: 6 }), row(1, 'y', 10), row(2, 'c', 4, { errors: 1 }), row(9, 'z', 90)];
  expect(counted(countersSince(baseline, rows, PLAN)).counts).toEqual({
    candidate: { requests: 4, bad: 1 },
    stable: { requests: 110, bad: 1 },
    replicas: { c: [4, 1] },
    share: 0.1,
  });
});

test('a counter that starts again counts from zero', () => {
  const baseline = from([row(1, 'x', 500, { errors: 5 })]);
  const { counts } = counted(countersSince(baseline, [row(1, 'x', 20, { epoch: 'b', errors: 1 })], PLAN));
  expect(counts.stable).toEqual({ requests: 20, bad: 1 });
});

test('a replica that vanishes and comes back goes on from its last value', () => {
  const gone = counted(countersSince(from([row(1, 'x', 500), row(2, 'c', 1)]), [row(2, 'c', 1)], PLAN));
  expect(gone.counts.stable.requests).toBe(0);
  const back = counted(countersSince(gone.baseline, [row(1, 'x', 510), row(2, 'c', 1)], PLAN));
  expect(back.counts.stable.requests).toBe(10);
});

test('an empty snapshot where there were counters is an error, not silence', () => {
  const baseline = from([row(1, 'x', 500), row(2, 'c', 1)]);
  const empty = { kind: 'error', message: 'not one of the 2 replicas that were counted before is there' };
  expect(countersSince(baseline, [], PLAN)).toEqual(empty);
  expect(countersSince(baseline, [row(9, 'z', 7)], PLAN)).toEqual(empty);
  expect(countersSince(from([]), [], PLAN).kind).toBe('counted');
});

test.each([
  ['NaN requests', row(2, 'c', Number.NaN)],
  ['-1 errors', row(2, 'c', 10, { errors: -1 })],
  ['11 errors in 10 requests', row(2, 'c', 10, { errors: 11 })],
  ['4 requests after 5', row(2, 'c', 4)],
  ['3 new errors in 2 new requests', row(2, 'c', 7, { errors: 3 })],
])('%s is an error with a sentence, and nothing of the snapshot is counted', (what, broken) => {
  const baseline = from([row(1, 'x', 500), row(2, 'c', 5)]);
  const reading = countersSince(baseline, [row(1, 'x', 600), broken], PLAN);
  expect(reading).toEqual({ kind: 'error', message: `replica c of #2 reports ${what}` });
});

describe('which requests count', () => {
  const sources = [
    row(2, 'c', 10, { errors: 1 }),
    row(2, 'c', 20, { errors: 2, source: 'mirror' }),
    row(2, 'c', 40, { errors: 4, source: 'match' }),
    row(2, 'c', 80, { errors: 8, source: 'direct' }),
  ];

  test('those of users and copies of them; who asked for the candidate, and gates, do not', () => {
    const { counts } = counted(countersSince(from([]), sources, PLAN));
    expect(counts.candidate).toEqual({ requests: 30, bad: 3 });
  });

  test('those of gates too, where they are asked for', () => {
    const plan: CountingPlan = { ...PLAN, stable: null, sources: [...PLAN.sources, 'direct'] };
    const { counts } = counted(countersSince(from([]), [...sources, row(1, 'x', 500)], plan));
    expect(counts).toMatchObject({ candidate: { requests: 110, bad: 11 }, stable: { requests: 0, bad: 0 } });
  });

  test('each source of a replica starts again by itself', () => {
    const again = [row(2, 'c', 3, { epoch: 'b' }), row(2, 'c', 25, { errors: 2, source: 'mirror' })];
    const { counts } = counted(countersSince(from(sources), again, PLAN));
    expect(counts.candidate).toEqual({ requests: 3 + 5, bad: 0 });
  });

  test('that only gates have sent requests so far is no lack of counters', () => {
    const baseline = from([row(2, 'c', 80, { source: 'direct' })]);
    expect(countersSince(baseline, [row(2, 'c', 90, { source: 'direct' })], PLAN).kind).toBe('counted');
  });
});

describe('with affinity', () => {
  const units = (requests: number, errors: number, newKeys = 0) => ({
    units: { requests, errors, latency: noLatency(), newKeys },
  });

  test('units of assignment are counted, not requests', () => {
    const baseline = from([row(1, 'x', 0, units(0, 0)), row(2, 'c', 0, units(0, 0))]);
    // One client of the candidate tries fifty times in a second, and fails.
    const rows = [row(1, 'x', 900, { errors: 9, ...units(90, 1) }), row(2, 'c', 60, { errors: 50, ...units(10, 1) })];
    expect(counted(countersSince(baseline, rows, PLAN)).counts).toMatchObject({
      candidate: { requests: 10, bad: 1 },
      stable: { requests: 90, bad: 1 },
    });
  });

  test('copies of which no units are known are not counted beside them', () => {
    const rows = [row(1, 'x', 900, units(90, 1)), row(2, 'c', 60, { errors: 50, source: 'mirror' })];
    expect(counted(countersSince(from([]), rows, PLAN)).counts.candidate.requests).toBe(0);
  });

  test('new keys count while the split stays what it was', () => {
    const baseline = from([row(1, 'x', 0, units(0, 0)), row(2, 'c', 0, units(0, 0))]);
    const rows = [row(1, 'x', 9, units(9, 0, 9)), row(2, 'c', 1, units(1, 0, 1))];
    expect(counted(countersSince(baseline, rows, PLAN)).counts.newKeys).toEqual({
      candidate: 1,
      stable: 9,
    });
    for (const share of [0.25, null]) {
      const { counts } = counted(countersSince(baseline, rows, { ...PLAN, share }));
      expect([counts.newKeys, counts.share]).toEqual([undefined, undefined]);
    }
  });
});

describe('with an objective for latency', () => {
  const SLOW: CountingPlan = { ...PLAN, edge: 500 };
  const latency = (fast: number, slow: number, edges: readonly number[] = LATENCY_EDGES) => {
    const counts = Array.from({ length: edges.length + 1 }, () => 0);
    counts[0] = fast;
    counts[edges.length] = slow;
    return { latency: { edges, counts } };
  };

  test('requests above its edge are slow', () => {
    const baseline = counted(countersSince(null, [row(2, 'c', 10, latency(8, 2))], SLOW)).baseline;
    const rows = [row(2, 'c', 30, latency(25, 5)), row(1, 'x', 100, latency(99, 1))];
    expect(counted(countersSince(baseline, rows, SLOW)).counts.slow).toEqual({
      candidate: { requests: 20, bad: 3 },
      stable: { requests: 100, bad: 1 },
    });
  });

  test('a platform that does not count at that edge is told, and errors count all the same', () => {
    const rows = [row(2, 'c', 30, { errors: 3, ...latency(25, 5, [100, 1000]) })];
    const { counts } = counted(countersSince(counted(countersSince(null, [], SLOW)).baseline, rows, SLOW));
    expect(counts.slow).toBeUndefined();
    expect(counts.untimed).toBe('the latency of #2 is not counted at 500ms, so its slow requests are not known');
    expect(counts.candidate).toEqual({ requests: 30, bad: 3 });
  });

  test('an edge that appears while the counters go on makes no request slow that was not', () => {
    const before = counted(countersSince(null, [row(2, 'c', 10, latency(2, 8, [100]))], SLOW)).baseline;
    const { counts, baseline } = counted(countersSince(before, [row(2, 'c', 20, latency(10, 10))], SLOW));
    expect(counts.untimed).toBeDefined();
    const next = counted(countersSince(baseline, [row(2, 'c', 21, latency(10, 11))], SLOW));
    expect(next.counts.slow?.candidate).toEqual({ requests: 1, bad: 1 });
  });
});

test('platforms are told apart where they are named, and replicas always', () => {
  const rows = [
    row(2, 'c1', 10, { errors: 1, platform: 'linux/amd64' }),
    row(2, 'c2', 20, { errors: 9, platform: 'linux/arm64' }),
    row(1, 'x', 100, { platform: 'linux/arm64' }),
  ];
  const { counts } = counted(countersSince(from([]), rows, PLAN));
  expect(counts.platforms).toEqual({
    'linux/amd64': { errors: { candidate: { requests: 10, bad: 1 }, stable: { requests: 0, bad: 0 } } },
    'linux/arm64': { errors: { candidate: { requests: 20, bad: 9 }, stable: { requests: 100, bad: 0 } } },
  });
  expect(counts.replicas).toEqual({ c1: [10, 1], c2: [20, 9] });
  expect(counted(countersSince(from([]), [row(2, 'c1', 10)], PLAN)).counts).toEqual({
    candidate: { requests: 10, bad: 0 },
    stable: { requests: 0, bad: 0 },
    replicas: { c1: [10, 0] },
    share: 0.1,
  });
});

test('however the looks are spread, the same is counted in all', () => {
  const step = fc.record({ good: fc.nat(50), bad: fc.nat(5), restart: fc.boolean(), look: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let value = { requests: 0, errors: 0, epoch: 0 };
      let baseline = from([]);
      const total = { requests: 0, bad: 0 };
      const truth = { requests: 0, bad: 0 };
      const look = (): void => {
        const rows = [row(2, 'c', value.requests, { errors: value.errors, epoch: String(value.epoch) })];
        const reading = counted(countersSince(baseline, rows, PLAN));
        ({ baseline } = reading);
        total.requests += reading.counts.candidate.requests;
        total.bad += reading.counts.candidate.bad;
      };
      for (const { good, bad, restart, look: looks } of steps) {
        truth.requests += good + bad;
        truth.bad += bad;
        value = { ...value, requests: value.requests + good + bad, errors: value.errors + bad };
        // What a process counted after its last look is lost with it: so look before it is restarted.
        if (looks || restart) look();
        if (restart) value = { requests: 0, errors: 0, epoch: value.epoch + 1 };
      }
      look();
      expect(total).toEqual(truth);
    }),
  );
});
