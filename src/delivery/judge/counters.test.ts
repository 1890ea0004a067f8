import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CounterRow, noLatency } from '../observation.ts';
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
