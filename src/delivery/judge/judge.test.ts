import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../kernel/random.ts';
import { PLAN } from '../rehearsal/sample-spec.ts';
import { addLook, type Counts, type Evidence, judge, startEvidence, withError } from './index.ts';

const SETTINGS = PLAN.judge;

function look(candidate: [requests: number, bad: number], stable: [requests: number, bad: number] = [0, 0]): Counts {
  return {
    candidate: { requests: candidate[0], bad: candidate[1] },
    stable: { requests: stable[0], bad: stable[1] },
  };
}

function evidenceOf(looks: readonly Counts[], { hasStable = true, settings = SETTINGS } = {}): Evidence {
  return looks.reduce(
    (evidence, counts, index) => addLook(evidence, counts, index * 1000),
    startEvidence(settings, hasStable),
  );
}

describe('verdicts', () => {
  test('no request on the candidate is no data, never a pass', () => {
    const reading = judge(evidenceOf([look([0, 0], [5000, 3]), look([0, 0])]), SETTINGS);
    expect(reading.verdict).toEqual({ kind: 'inconclusive', reason: 'no-data' });
    expect(reading.sentence).toContain('no request has reached the candidate');
  });

  test('three errors on 5 % of the requests with none on stable prove it worse', () => {
    const reading = judge(evidenceOf([look([5, 3], [95, 0])]), SETTINGS);
    expect(reading.verdict).toEqual({ kind: 'fail' });
    // 0.9 of what the test from the start says, 0.1 for those that have not begun.
    expect(reading.abort.e).toBeCloseTo(0.9 * 1209.0315 + 0.1, 2);
    expect(reading.p).toBeCloseTo(1 / reading.abort.e, 12);
    expect(reading.sentence).toBe(
      '3 of 5 requests failed on the candidate, 0 of 95 on stable: proven worse than stable (e = 1088 ≥ 100; at most one chance in 1088 were it no worse)',
    );
  });

  test('331 good requests prove an SLO of 1 %, 330 do not', () => {
    expect(judge(evidenceOf([look([330, 0], [6270, 0])]), SETTINGS).verdict.kind).toBe('inconclusive');
    const reading = judge(evidenceOf([look([331, 0], [6289, 0])]), SETTINGS);
    expect(reading.verdict).toEqual({ kind: 'pass' });
    expect(reading.sentence).toContain('proven within the SLO of 1% errors');
  });

  test('few errors on the candidate beside many on stable prove it fine', () => {
    const strict = { ...SETTINGS, slo: { errors: 0.0001, p99: null } };
    const reading = judge(evidenceOf([look([1000, 0], [9000, 40])], { settings: strict }), strict);
    expect(reading.promote.e).toBeCloseTo(220.3239, 3);
    expect(reading.verdict).toEqual({ kind: 'pass' });
  });

  test('proven bad wins over proven within the SLO, and over counters that broke since', () => {
    const bad = evidenceOf([look([2000, 6], [38_000, 0])]);
    expect(judge(bad, SETTINGS).slo.e).toBeGreaterThan(20);
    expect(judge(bad, SETTINGS).verdict.kind).toBe('fail');
    expect(judge(withError(bad, 'NaN'), SETTINGS).verdict.kind).toBe('fail');
  });

  test('broken counters are an error until a look can be counted again', () => {
    const proven = evidenceOf([look([400, 0], [7600, 0])]);
    const broken = judge(withError(proven, 'replica c of #2 reports NaN requests'), SETTINGS);
    expect(broken.verdict).toEqual({ kind: 'error', message: 'replica c of #2 reports NaN requests' });
    expect(judge(addLook(withError(proven, 'broken'), look([0, 0]), 2000), SETTINGS).verdict.kind).toBe('pass');
  });

  test('as bad as a stable release that breaks the SLO itself holds and says that both do', () => {
    const reading = judge(evidenceOf([look([2000, 100], [2000, 100])]), SETTINGS);
    expect(reading.promote.e).toBeGreaterThan(20);
    expect(reading.verdict).toEqual({ kind: 'inconclusive', reason: 'undecided' });
    expect(reading.sentence).toContain('both break the SLO');
  });

  test('without a stable release the SLO alone decides', () => {
    const first = { hasStable: false };
    const bad = judge(evidenceOf([look([20, 4])], first), SETTINGS);
    expect(bad.verdict.kind).toBe('fail');
    expect(bad.ratio).toBeNull();
    expect(bad.sentence).toContain('above the 1% that the SLO allows');
    expect(judge(evidenceOf([look([331, 0])], first), SETTINGS).verdict.kind).toBe('pass');
    // With a stable release the mirror never aborts.
    expect(judge(evidenceOf([look([20, 4], [20, 4])]), SETTINGS).verdict.kind).toBe('inconclusive');
  });

  test('two gating metrics double the bar of the abort test and leave the others', () => {
    const two = { ...SETTINGS, slo: { errors: 0.01, p99: 500 } };
    const reading = judge(evidenceOf([look([10, 3], [90, 0])], { settings: two }), two);
    expect([reading.abort.bar, reading.promote.bar, reading.slo.bar]).toEqual([200, 20, 20]);
  });

  test('counts that can not be are refused as a bug', () => {
    expect(() => addLook(startEvidence(SETTINGS, true), look([1, 2]), 0)).toThrow(RangeError);
    expect(() => addLook(startEvidence(SETTINGS, true), look([Number.NaN, 0]), 0)).toThrow(RangeError);
  });
});

describe('evidence', () => {
  test('stays below 12 kB and survives JSON to the bit', () => {
    const random = createRandom(1);
    const looks = Array.from({ length: 900 }, () => {
      const [n1, n0] = [1 + Math.floor(random.next() * 50), 50 + Math.floor(random.next() * 900)];
      return look([n1, Math.floor(random.next() * n1)], [n0, Math.floor(random.next() * n0)]);
    });
    const evidence = evidenceOf(looks);
    const text = JSON.stringify(evidence);
    expect(text.length).toBeLessThan(12_000);
    expect(JSON.parse(text)).toEqual(evidence);
    const reading = judge(evidence, SETTINGS);
    expect(JSON.parse(JSON.stringify(reading))).toEqual(reading);
  });

  test('the order of looks does not matter', () => {
    const counts = fc.record({
      n1: fc.integer({ min: 5, max: 40 }),
      x1: fc.nat(5),
      n0: fc.integer({ min: 5, max: 400 }),
      x0: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 30 }), (all) => {
        const looks = all.map(({ n1, x1, n0, x0 }) => look([n1, x1], [n0, x0]));
        const [forth, back] = [evidenceOf(looks), evidenceOf(looks.toReversed())];
        expect(judge(forth, SETTINGS).abort.log).toBeCloseTo(judge(back, SETTINGS).abort.log, 4);
        expect(judge(forth, SETTINGS).promote.log).toBeCloseTo(judge(back, SETTINGS).promote.log, 4);
      }),
    );
  });

  test('one more bad candidate request raises the evidence for worse and lowers that for fine', () => {
    const sizes = fc.record({
      n1: fc.integer({ min: 10, max: 50 }),
      x1: fc.nat(9),
      n0: fc.integer({ min: 10, max: 900 }),
      x0: fc.nat(10),
    });
    fc.assert(
      fc.property(sizes, ({ n1, x1, n0, x0 }) => {
        const less = judge(evidenceOf([look([n1, x1], [n0, x0])]), SETTINGS);
        const more = judge(evidenceOf([look([n1, x1 + 1], [n0, x0])]), SETTINGS);
        expect(more.abort.log).toBeGreaterThan(less.abort.log);
        expect(more.promote.log).toBeLessThan(less.promote.log);
        expect(more.slo.log).toBeLessThan(less.slo.log);
      }),
    );
  });
});

describe('the interval of the error ratio', () => {
  test('is unbounded while nothing has failed', () => {
    expect(judge(evidenceOf([look([50, 0], [950, 0])]), SETTINGS).ratio).toEqual({
      low: 0,
      high: null,
      estimate: null,
      confidence: 0.98,
    });
  });

  test('holds the ratio that was seen, and narrows with more of the same', () => {
    const few = judge(evidenceOf([look([1000, 30], [19_000, 190])]), SETTINGS).ratio;
    const many = judge(evidenceOf(Array.from({ length: 20 }, () => look([1000, 30], [19_000, 190]))), SETTINGS).ratio;
    expect(few?.estimate).toBeCloseTo(3, 1);
    expect(many?.estimate).toBeCloseTo(3, 1);
    expect(few?.low).toBeGreaterThan(1);
    expect(few?.low).toBeLessThan(many?.low ?? 0);
    expect(few?.high ?? 0).toBeGreaterThan(many?.high ?? 0);
    expect(many?.low).toBeLessThan(3);
    expect(many?.high).toBeGreaterThan(3);
  });

  test('lies above 1 only where the abort test has decided', () => {
    fc.assert(
      fc.property(fc.nat(12), fc.nat(12), fc.double({ min: 0.02, max: 0.5, noNaN: true }), (x1, x0, q) => {
        const n1 = Math.ceil(1000 * q);
        const reading = judge(evidenceOf([look([n1, x1], [1000 - n1, x0])]), SETTINGS);
        expect((reading.ratio?.low ?? 0) < 1 || reading.verdict.kind === 'fail').toBe(true);
      }),
    );
  });
});

test('equal releases are told apart in no more than α of many short comparisons', () => {
  const random = createRandom(11);
  const binomial = (n: number, p: number): number => {
    let hits = 0;
    for (let trial = 0; trial < n; trial += 1) if (random.next() < p) hits += 1;
    return hits;
  };
  let alarms = 0;
  for (let run = 0; run < 300; run += 1) {
    let evidence = startEvidence(SETTINGS, true);
    let alarm = false;
    for (let second = 0; second < 60 && !alarm; second += 1) {
      evidence = addLook(evidence, look([5, binomial(5, 0.05)], [45, binomial(45, 0.05)]), second * 1000);
      alarm = judge(evidence, SETTINGS).verdict.kind === 'fail';
    }
    if (alarm) alarms += 1;
  }
  // Expected at most 3; more than 8 has a probability below 0.4 % under α.
  expect(alarms).toBeLessThanOrEqual(8);
});
