/**
 * The semantic traps T1–T30 of facts/rollouts.md section 10: what shows that we don't fall into each. Scenario files and
 * tests elsewhere are named with the file they are in; what has no other home is shown here.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentOf, createServingRig, PLAN, SPEC } from '../rigs/engine-rig.ts';
import type { Verdict } from '../../src/delivery/judge/index.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Trap → where it is shown: a scenario file, or a file of tests and a part of the name of one of them. */
const SHOWN: Readonly<Record<string, string | readonly [file: string, name: string]>> = {
  T1: 't01-no-traffic-holds.yaml',
  T2: 'x03-metrics-nan.yaml',
  T3: ['src/delivery/judge/judge.test.ts', '331 good requests prove an SLO of 1 %, 330 do not'],
  T4: ['src/delivery/look.test.ts', 'a crash loses no request either'],
  T5: 'x03-metrics-reset.yaml',
  T6: 't06-router-delay.yaml',
  T7: ['test/scenarios/traps.test.ts', 'T7'],
  T8: ['test/scenarios/traps.test.ts', 'T8'],
  T9: 't09-plain-service.yaml',
  T10: ['src/platforms/embedded/router/sticky-users.test.ts', 'T10'],
  T11: ['src/platforms/embedded/embedded-platform.test.ts', 'T11'],
  T12: ['test/scenarios/traps.test.ts', 'T12'],
  T14: ['test/scenarios/traps.test.ts', 'T14'],
  T15: 't15-config-change.yaml',
  T16: 'supersede-queue.yaml',
  T17: 't17-abort-while-held.yaml',
  T18: 't18-timer-after-a-failed-gate.yaml',
  T19: ['test/scenarios/crashes.test.ts', 'is killed at each point'],
  T20: 'x07-rollback-that-could-not-run.yaml',
  T21: ['test/scenarios/traps.test.ts', 'T21'],
  T22: ['src/platforms/embedded/preflight.test.ts', 'what is missing is named: the image'],
  T23: 't23-approval-over-night.yaml',
  T24: [
    'src/delivery/judge/judge.test.ts',
    'proven bad wins over proven within the SLO, and over counters that broke since',
  ],
  T25: ['src/platforms/embedded/router/router.test.ts', 'T25'],
  T26: 'first-deployment-bad.yaml',
  T27: 't27-one-platform-fails.yaml',
  T28: 't28-strategy-edit.yaml',
  T29: 't29-mirror-of-writes.yaml',
  T30: ['test/scenarios/traps.test.ts', 'T30'],
};

/** Shown nowhere, and why. */
const LEFT: Readonly<Record<string, string>> = {
  T13: 'a PodDisruptionBudget is an object of a cluster; there is none on one machine',
};

describe('every trap is shown or left with a reason', () => {
  const traps = Array.from({ length: 30 }, (_, index) => `T${index + 1}`);

  test('and at most five are left', () => {
    expect([...Object.keys(SHOWN), ...Object.keys(LEFT)].toSorted()).toEqual(traps.toSorted());
    expect(Object.keys(LEFT).length).toBeLessThanOrEqual(5);
  });

  test.each(Object.entries(SHOWN))('%s by what it names', (_trap, where) => {
    const [file, name] = typeof where === 'string' ? [join('test/scenarios', where), ''] : where;
    expect(titlesIn(readFileSync(join(ROOT, file), 'utf8')).filter((title) => title.includes(name))).not.toEqual([]);
  });
});

/** The names of tests, or what a rehearsal says that it shows. */
function titlesIn(text: string): readonly string[] {
  const tests = text.matchAll(/(?:test|describe)(?:\.[^\n]*?)?\(\s*'([^']+)'/g);
  const rehearsals = text.matchAll(/^rehearsal: (.+)$/gm);
  return [...tests, ...rehearsals].map(([, title = '']) => title);
}

test('T7: a comparison that is ended before it has measured anything is no success: its verdict says no data', async () => {
  const rig = await createServingRig();
  rig.world.requestsPerSecond = 0;
  await rig.deploy(2);
  await rig.order({ kind: 'promoteFully' });
  await rig.seconds(5);
  expect(rig.phase()).toBe('healthy promotedByHand');
  const ended = rig.journal.read({ kinds: ['rollout.ended'], newest: true, limit: 1 })[0];
  const verdict: Verdict = { kind: 'inconclusive', reason: 'no-data' };
  expect(ended?.data).toMatchObject({ reading: { verdict } });
});

test('T8: a limit of n means n: two approvals are two, and two releases kept are two', async () => {
  const rig = await createServingRig();
  const spec = { ...SPEC, approval: { count: 2, by: [], expires: null } };
  await rig.deploy(2, spec);
  await rig.order({ kind: 'approve', by: 'ana', groups: [], authenticated: false });
  expect(rig.phase()).toBe('paused approval');
  await rig.order({ kind: 'approve', by: 'ben', groups: [], authenticated: false });
  expect(rig.phase()).toBe('paused step');

  const keeping = await createServingRig();
  const kept = { ...SPEC, keep: 2, strategy: { ...PLAN, keep: 0, steps: [] } };
  for (const version of [2, 3, 4, 5]) {
    await keeping.deploy(version, kept);
    await keeping.seconds(2);
    await keeping.order({ kind: 'promoteFully' });
    await keeping.seconds(2);
  }
  expect(keeping.controller.state().kept.map(({ release }) => release)).toEqual([3, 4]);
});

test('T12: a promotion moves no request: the split in force before it is the one after it', async () => {
  const rig = await createServingRig();
  await rig.deploy(2);
  await rig.seconds(1);
  await rig.order({ kind: 'promoteFully' });
  const routes = (): number => rig.world.routes.length;
  while (rig.world.routes.at(-1)?.shares[2] !== 1) await rig.seconds(1);
  const before = routes();
  await rig.seconds(30);
  expect(rig.phase()).toBe('healthy promotedByHand');
  expect(routes()).toBe(before);
});

test('T14: capacity comes before traffic: no weight is above what the ready replicas carry', async () => {
  const rig = await createServingRig();
  const spec = { ...SPEC, replicas: 4 };
  rig.world.readyAtMost.set(2, 1);
  await rig.deploy(2, { ...spec, strategy: { ...PLAN, steps: [{ kind: 'weight', weight: 0.5 }] } });
  await rig.seconds(60);
  for (const { shares, ready } of rig.world.routes) expect((shares[2] ?? 0) * 4).toBeLessThanOrEqual(ready[2] ?? 0);
  expect(rig.world.desired(1)).toBe(4);
  rig.world.readyAtMost.delete(2);
  await rig.seconds(2);
  expect(rig.world.routes.at(-1)?.shares[2]).toBeGreaterThanOrEqual(0.5);
});

test('T21: what was deployed is a digest: the same tag with other bytes is another release', async () => {
  const rig = await createServingRig();
  const before = rig.controller.state().releases[1];
  await rig.deploy(2);
  const { releases } = rig.controller.state();
  expect(releases[1]).toEqual(before);
  expect(releases[2]?.content.image).not.toBe(releases[1]?.content.image);
  expect(releases[2]?.digest).not.toBe(releases[1]?.digest);
  // The same bytes are the same release, whatever they are called.
  await rig.order({ kind: 'deploy', content: contentOf(1), revision: { commit: 'other', ref: 'v9' }, spec: SPEC });
  expect(rig.controller.state().lastRelease).toBe(2);
});

test('T30: a wall clock that jumps moves no deadline: durations are monotonic', async () => {
  const rig = await createServingRig();
  const { wall } = rig.clock;
  await rig.deploy(2);
  await rig.seconds(2);
  const step = rig.controller.state().rollout?.stepAt;
  rig.clock.wall = () => wall() + 365 * 24 * 3_600_000;
  await rig.seconds(50);
  expect(rig.controller.state().rollout?.stepAt).toBe(step);
  expect(rig.phase()).toBe('paused step');
  await rig.seconds(20);
  expect(rig.phase()).toBe('healthy promoted');
});
