/** What gates besides errors, and what is told apart: latency, image platforms, replicas, who the users are. */

import { describe, expect, test } from 'vitest';
import { PLAN } from '../rehearsal/sample-spec.ts';
import { addLook, continueEvidence, type Counts, type Evidence, judge, startEvidence } from './index.ts';

const SETTINGS = { ...PLAN.judge, slo: { errors: 0.01, p99: 500 } };

type Arm = readonly [requests: number, bad: number];

function arms([n1, x1]: Arm, [n0, x0]: Arm) {
  return { candidate: { requests: n1, bad: x1 }, stable: { requests: n0, bad: x0 } };
}

/** One look a second, each the same. */
function after(seconds: number, counts: Counts, from: Evidence = startEvidence(SETTINGS, true)): Evidence {
  const start = (from.lookedAt ?? 0) + 1000;
  let evidence = from;
  for (let second = 0; second < seconds; second += 1) evidence = addLook(evidence, counts, start + second * 1000);
  return evidence;
}

const GOOD: Counts = { ...arms([10, 0], [90, 0]), slow: arms([10, 0], [90, 0]) };
const SLOW: Counts = { ...arms([10, 0], [90, 0]), slow: arms([10, 2], [90, 0]) };

describe('slow requests', () => {
  test('do not count in the first ten seconds, errors do', () => {
    const evidence = after(11, { ...SLOW, ...arms([10, 0], [90, 1]) });
    expect(evidence.slow?.totals.candidate.requests).toBe(0);
    expect(evidence.errors.totals.stable.bad).toBe(11);
    expect(judge(evidence, SETTINGS).verdict).toEqual({ kind: 'inconclusive', reason: 'undecided' });
    expect(after(12, SLOW).slow?.totals.candidate).toEqual({ requests: 10, bad: 2 });
  });

  test('prove a candidate worse that answers every request, and the sentence says slower', () => {
    const reading = judge(after(16, SLOW), SETTINGS);
    expect(reading.verdict.kind).toBe('fail');
    expect(reading.abort).toEqual(reading.slow?.abort);
    expect(reading.abort.bar).toBe(200);
    expect(reading.errors.abort.e).toBe(1);
    expect(reading.sentence).toContain('10 of 50 requests took longer than 500ms on the candidate, 0 of 450 on stable');
    expect(reading.sentence).toContain('proven slower than stable');
  });

  test('on a stable release that is as slow prove nothing', () => {
    const both: Counts = { ...arms([10, 0], [90, 0]), slow: arms([10, 2], [90, 18]) };
    const reading = judge(after(60, both), SETTINGS);
    expect(reading.verdict).toEqual({ kind: 'inconclusive', reason: 'undecided' });
    expect(reading.sentence).toContain('both break the SLO of 1% slower than 500ms');
  });

  test('must be proven fine as well as errors before it passes', () => {
    // 331 good requests prove the errors; the first eleven looks of slow ones are not counted.
    const errorsOnly = judge(after(34, GOOD), SETTINGS);
    expect(errorsOnly.errors.slo.e).toBeGreaterThan(20);
    expect(errorsOnly.verdict.kind).toBe('inconclusive');
    expect(errorsOnly.sentence).toContain('0 of 230 requests took longer than 500ms');
    const reading = judge(after(45, GOOD), SETTINGS);
    expect(reading.verdict.kind).toBe('pass');
    expect(reading.sentence).toContain('within the SLO of 1% errors');
    expect(reading.sentence).toContain('within the SLO of 1% slower than 500ms');
  });

  test('that the platform does not count are an error with a sentence, and a bad candidate is still aborted', () => {
    const message = 'the latency of #2 is not counted at 500ms, so its slow requests are not known';
    const evidence = after(60, { ...arms([10, 0], [90, 0]), untimed: message });
    expect(judge(evidence, SETTINGS).verdict).toEqual({ kind: 'error', message });
    expect(judge(after(1, { ...arms([10, 8], [90, 0]), untimed: message }, evidence), SETTINGS).verdict.kind).toBe(
      'fail',
    );
    expect(judge(after(40, GOOD, evidence), SETTINGS).verdict.kind).toBe('pass');
  });

  test('of a retry are burnt in again, and nothing else is forgotten', () => {
    const before = after(30, GOOD);
    const again = continueEvidence(before, SETTINGS);
    expect(again).toEqual({ ...before, exposedAt: null });
    expect(after(10, GOOD, again).slow?.totals).toEqual(before.slow?.totals);
    expect(after(40, GOOD, again).slow?.totals.candidate.requests).toBe(190 + 290);
  });
});

test('settings that ask another question begin a comparison of their own', () => {
  const before = after(5, GOOD);
  for (const change of [
    { tolerate: 1.5 },
    { detect: 3 },
    { slo: { errors: 0.02, p99: 500 } },
    { slo: PLAN.judge.slo },
  ]) {
    const settings = { ...SETTINGS, ...change };
    expect(continueEvidence(before, settings)).toEqual(startEvidence(settings, true));
  }
  expect(continueEvidence(before, { ...SETTINGS, falseAlarm: 0.05 }).looks).toBe(5);
});

describe('image platforms', () => {
  const settings = PLAN.judge;
  const look = (amd: readonly [Arm, Arm], arm: readonly [Arm, Arm]): Counts => ({
    ...arms([amd[0][0] + arm[0][0], amd[0][1] + arm[0][1]], [amd[1][0] + arm[1][0], amd[1][1] + arm[1][1]]),
    platforms: { 'linux/amd64': { errors: arms(...amd) }, 'linux/arm64': { errors: arms(...arm) } },
  });
  // On amd64 the candidate is better than stable, on arm64 it is broken.
  const BROKEN = look(
    [
      [90, 0],
      [810, 30],
    ],
    [
      [10, 3],
      [90, 0],
    ],
  );

  test('the one that breaks is found although all requests together look fine', () => {
    const evidence = after(10, BROKEN, startEvidence(settings, true));
    const reading = judge(evidence, settings);
    expect(reading.verdict.kind).toBe('fail');
    expect(reading.errors.platforms?.['linux/arm64']).toBeGreaterThan(1e6);
    expect(reading.errors.platforms?.['linux/amd64']).toBeLessThan(1);
    expect(reading.sentence).toContain('above all on linux/arm64');
    const { platforms: _, ...pooled } = BROKEN;
    expect(judge(after(10, pooled, startEvidence(settings, true)), settings).verdict.kind).not.toBe('fail');
  });

  test('named only later than the first look are not bet on: nothing that was counted may choose the bets', () => {
    const { platforms: _, ...pooled } = BROKEN;
    const evidence = after(5, BROKEN, after(1, pooled, startEvidence(settings, true)));
    expect(evidence.errors.strata).toBeNull();
  });

  test('share α with the test over all requests: the mixture is fair for equal releases', () => {
    // Mean of e over the binomial laws of both platforms, two looks of one event each on either.
    const q = 0.1;
    let total = 0;
    for (let outcome = 0; outcome < 16; outcome += 1) {
      const bits = [outcome & 1, (outcome >> 1) & 1, (outcome >> 2) & 1, (outcome >> 3) & 1];
      const [a = 0, b = 0, c = 0, d = 0] = bits;
      const one = (x: number): readonly [Arm, Arm] => [
        [10, x],
        [90, 1 - x],
      ];
      const first = addLook(startEvidence(settings, true), look(one(a), one(b)), 0);
      const evidence = addLook(first, look(one(c), one(d)), 1000);
      const mass = bits.reduce((all, bit) => all * (bit === 1 ? q : 1 - q), 1);
      total += mass * judge(evidence, settings).abort.e;
    }
    expect(total).toBeCloseTo(1, 5);
  });
});

describe('replicas', () => {
  const settings = PLAN.judge;

  test('a single sick one is named', () => {
    const counts: Counts = { ...arms([30, 3], [90, 0]), replicas: { a: [10, 0], b: [10, 3], c: [10, 0] } };
    const { verdict, sentence, replicas } = judge(after(3, counts, startEvidence(settings, true)), settings);
    expect(verdict.kind).toBe('fail');
    expect(sentence).toContain('9 of these failed on replica b alone, in 30 requests');
    expect(replicas).toEqual({ a: [30, 0], b: [30, 9], c: [30, 0] });
  });

  test('that are all sick are not', () => {
    const counts: Counts = { ...arms([30, 6], [90, 0]), replicas: { a: [10, 2], b: [10, 2], c: [10, 2] } };
    expect(judge(after(3, counts, startEvidence(settings, true)), settings).sentence).not.toContain('replica');
  });
});

test('keys that are not dealt by the weights hold the rollout, and what is proven bad still ends it', () => {
  const settings = PLAN.judge;
  const skewed: Counts = { ...arms([10, 0], [40, 0]), share: 0.1, newKeys: { candidate: 10, stable: 40 } };
  const evidence = after(40, skewed, startEvidence(settings, true));
  const reading = judge(evidence, settings);
  expect(reading.errors.slo.e).toBeGreaterThan(20);
  expect(reading.verdict).toEqual({ kind: 'inconclusive', reason: 'sample-ratio' });
  expect(reading.sentence).toContain('keys are not dealt by the weights');
  expect(judge(after(1, { ...skewed, ...arms([10, 10], [40, 0]) }, evidence), settings).verdict.kind).toBe('fail');
});

describe('where traffic is low', () => {
  const settings = PLAN.judge;
  /** One request a look: every twentieth is the candidate's, and fails. */
  const sparse = (looks: number, share: (look: number) => number = () => 0.05): Evidence => {
    let evidence = startEvidence(settings, true);
    for (let look = 1; look <= looks; look += 1) {
      const counts = look % 20 === 0 ? arms([1, 1], [0, 0]) : arms([0, 0], [1, 0]);
      evidence = addLook(evidence, { ...counts, share: share(look) }, look * 1000);
    }
    return evidence;
  };

  test('looks with requests of one arm alone wait for the other: three errors at 5 % are as good as ever', () => {
    const reading = judge(sparse(60), settings);
    expect(reading.verdict.kind).toBe('fail');
    expect(reading.errors.abort.e).toBeCloseTo(0.9 * 1209.0315 + 0.1, 2);
    expect(judge(sparse(59), settings).verdict.kind).toBe('inconclusive');
  });

  test('what waits is not compared with requests of another split', () => {
    expect(
      judge(
        sparse(60, (look) => (look % 20 === 0 ? 0.25 : 0.05)),
        settings,
      ).abort.e,
    ).toBe(1);
  });
});

test('a regression after a good hour is found in seconds', () => {
  const settings = PLAN.judge;
  // One bad request a minute on each hundred of both arms.
  const quiet: Counts = arms([300, 0], [5700, 6]);
  let evidence = startEvidence(settings, true);
  for (let minute = 1; minute <= 60; minute += 1) evidence = addLook(evidence, quiet, minute * 60_000);
  let seconds = 0;
  while (judge(evidence, settings).verdict.kind !== 'fail') {
    seconds += 1;
    evidence = addLook(evidence, arms([10, 1], [190, 0]), 3_600_000 + seconds * 1000);
  }
  expect(seconds).toBeLessThan(12);
});

test('with two metrics, many platforms and replicas the evidence stays below 12 kB', () => {
  const platforms = Object.fromEntries(
    ['linux/amd64', 'linux/arm64', 'wasi/wasm', 'linux/riscv64', 'linux/s390x'].map((platform, index) => {
      const counts = arms([17 + index, 3], [171, 4 + index]);
      return [platform, { errors: counts, slow: counts }];
    }),
  );
  let evidence = startEvidence(SETTINGS, true);
  for (let minute = 0; minute < 600; minute += 1) {
    const replicas = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`greeter-7d9f8b6c5-${minute}-${at}`, [3, 1] as const]),
    );
    const counts = arms([100, 13], [900, 27]);
    evidence = addLook(evidence, { ...counts, slow: counts, platforms, replicas }, minute * 60_000);
  }
  expect(evidence.begun).toBeGreaterThan(500);
  expect(Object.keys(evidence.errors.strata ?? {})).toHaveLength(3);
  expect(JSON.stringify(evidence).length).toBeLessThan(12_000);
  expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
});
