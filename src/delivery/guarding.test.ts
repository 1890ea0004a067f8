import { describe, expect, test } from 'vitest';
import { contentOf, createRig, createServingRig, PLAN, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import { dataOf, type RolloutGuarded } from './entries.ts';
import { guardOf } from './guard.ts';
import type { EnvironmentSpec } from './index.ts';

const GUARDED: EnvironmentSpec = { ...SPEC, guard: 600_000, strategy: { ...PLAN, keep: 0 } };

function guards(rig: Rig): readonly RolloutGuarded[] {
  return rig.journal.read({ kinds: ['rollout.guarded'] }).map((entry) => dataOf<RolloutGuarded>(entry));
}

/** #1 and then #2 promoted, #2 under guard. */
async function createGuardedRig(spec = GUARDED): Promise<Rig> {
  const rig = await createServingRig();
  await rig.deploy(2, spec);
  await rig.seconds(61);
  if (guardOf(rig.controller.state()) === null) throw new Error(`#2 is ${rig.phase()} without a guard`);
  rig.world.commands.length = 0;
  return rig;
}

test('what was watched, and what came of it, is told once', async () => {
  const rig = await createGuardedRig();
  rig.world.badShare.set(2, 0.3);
  await rig.seconds(20);
  expect(rig.phase()).toBe('healthy rolledBack');
  expect(rig.world.commands).toEqual(['#1 100%', '#2 × 1']);
  await rig.seconds(700);
  expect(guards(rig)).toMatchObject([
    { rollout: 'herald/local/2', candidate: 2, result: 'failed', because: expect.stringContaining('proven worse') },
  ]);
  const { rollout, stable, kept } = rig.controller.state();
  expect([stable, kept.map(({ release, withdrawn }) => [release, withdrawn])]).toEqual([1, [[2, true]]]);
  expect(rollout).toMatchObject({ kind: 'rollback', candidate: 1, stable: 2, guardUntil: null });
});

test('a guard that ends in peace says so, and gives the control its share back', async () => {
  const rig = await createGuardedRig();
  await rig.seconds(598);
  expect(rig.controller.state().told?.shares).toEqual({ 1: 0.05, 2: 0.95 });
  await rig.seconds(3);
  expect(rig.controller.state().told?.shares).toEqual({ 2: 1 });
  expect(guards(rig)).toMatchObject([{ result: 'passed', because: 'nothing spoke against #2 for 10m' }]);
});

describe('what ends a guard before its time', () => {
  test.each<[string, (rig: Rig) => Promise<string>]>([
    ['a deployment', (rig) => rig.deploy(3, GUARDED)],
    ['a rollback', (rig) => rig.order({ kind: 'rollback', to: null })],
    ['the end of the environment', (rig) => rig.order({ kind: 'remove' })],
  ])('%s', async (_name, act) => {
    const rig = await createGuardedRig();
    await act(rig);
    expect(guardOf(rig.controller.state())).toBeNull();
    expect(guards(rig)).toMatchObject([{ candidate: 2, result: 'ended' }]);
  });

  test('but not deploying what serves already, nor an abort, nor a change of the strategy', async () => {
    const rig = await createGuardedRig();
    await rig.deploy(2, GUARDED);
    await rig.order({ kind: 'abort' });
    await rig.order({ kind: 'strategy', strategy: PLAN });
    expect(guardOf(rig.controller.state())).not.toBeNull();
    expect(guards(rig)).toEqual([]);
  });
});

describe('there is no guard', () => {
  test('of a first deployment: there is nothing to go back to', async () => {
    const rig = await createRig();
    await rig.deploy(1, GUARDED);
    await rig.seconds(40);
    expect([rig.phase(), guardOf(rig.controller.state())]).toEqual(['healthy promoted', null]);
  });

  test('of a rollback', async () => {
    const rig = await createGuardedRig();
    await rig.order({ kind: 'rollback', to: null });
    expect([rig.phase(), guardOf(rig.controller.state())]).toEqual(['healthy rolledBack', null]);
  });

  test('of what a person has promoted although it is proven bad', async () => {
    const rig = await createServingRig();
    rig.world.badShare.set(2, 0.5);
    await rig.deploy(2, GUARDED);
    await rig.seconds(5);
    expect(rig.phase()).toBe('aborted aborted');
    expect(await rig.order({ kind: 'promoteFully' })).toContain('although it is PROVEN BAD');
    await rig.seconds(60);
    expect([rig.phase(), guardOf(rig.controller.state())]).toEqual(['healthy promotedByHand', null]);
  });
});

test('what a person has promoted before it was proven is guarded all the same', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, GUARDED);
  await rig.order({ kind: 'promoteFully' });
  expect(rig.phase()).toBe('healthy promotedByHand');
  rig.world.badShare.set(2, 0.3);
  await rig.seconds(30);
  expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 1]);
});

describe('a release that is bad, with no other that could take over', () => {
  test('serves on, and is rolled back from as soon as one can', async () => {
    const rig = await createGuardedRig();
    rig.world.readyAtMost.set(1, 1);
    rig.world.failing.set(2, 'it crashes');
    await rig.seconds(30);
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy promoted', 2]);
    rig.world.readyAtMost.clear();
    await rig.seconds(1);
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 1]);
  });

  test('until the guard is over: then that is what is told', async () => {
    const rig = await createGuardedRig();
    rig.world.readyAtMost.set(1, 1);
    rig.world.failing.set(2, 'it crashes');
    await rig.seconds(601);
    expect(guards(rig)).toMatchObject([
      { result: 'ended', because: "#2 can't stay ready: it crashes; #1 could not take over" },
    ]);
  });
});

test('a moment without a ready replica is forgiven, and time without one is not added up', async () => {
  const rig = await createGuardedRig();
  rig.world.requestsPerSecond = 0;
  for (let time = 0; time < 5; time += 1) {
    rig.world.readyAtMost.set(2, 0);
    await rig.seconds(9);
    rig.world.readyAtMost.clear();
    await rig.seconds(1);
  }
  expect(rig.phase()).toBe('healthy promoted');
  rig.world.readyAtMost.set(2, 0);
  await rig.seconds(11);
  expect(rig.phase()).toBe('healthy rolledBack');
});

test('a release with fewer ready replicas than it should have serves on: its requests are answered', async () => {
  const rig = await createGuardedRig();
  rig.world.readyAtMost.set(2, 1);
  await rig.seconds(120);
  expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy promoted', 2]);
});

test('an engine that comes back guards on, with the evidence that there was', async () => {
  const rig = await createGuardedRig();
  await rig.seconds(10);
  const before = rig.controller.state().rollout;
  await rig.crash();
  expect(rig.controller.state().rollout).toEqual(before);
  rig.world.badShare.set(2, 0.3);
  await rig.seconds(20);
  expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 1]);
});

test('a quiet guard writes down ever less', async () => {
  const rig = await createGuardedRig();
  const before = rig.journal.read().length;
  await rig.seconds(590);
  expect(rig.journal.read().length - before).toBeLessThan(300);
});

test('the release that was rolled back from is not deployed again by a short cut', async () => {
  const rig = await createGuardedRig({ ...GUARDED, strategy: { ...PLAN, keep: 0, rollbackWindow: 5 } });
  rig.world.badShare.set(2, 0.3);
  await rig.seconds(20);
  rig.world.badShare.clear();
  await rig.order({
    kind: 'deploy',
    content: contentOf(2),
    revision: null,
    spec: { ...GUARDED, strategy: { ...PLAN, rollbackWindow: 5 } },
  });
  expect([rig.phase(), rig.controller.state().rollout?.kind]).toEqual(['paused step', 'deploy']);
});
