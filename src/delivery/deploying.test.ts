import { describe, expect, test } from 'vitest';
import { createRigOfThree, createServingRig, PLAN, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import { dataOf, type RolloutEnded, type RolloutQueued, type RolloutStarted } from './entries.ts';
import type { CanaryPlan, EnvironmentSpec } from './index.ts';

function withPlan(change: Partial<CanaryPlan>, more: Partial<EnvironmentSpec> = {}): EnvironmentSpec {
  return { ...SPEC, ...more, strategy: { ...PLAN, ...change } };
}

const QUEUED = withPlan({ supersede: 'queue' });
const REFUSED = withPlan({ supersede: 'reject' });

function kindsOf(rig: Rig): readonly string[] {
  return rig.journal.read({ kinds: ['rollout.started'] }).map((entry) => {
    const { kind, candidate } = dataOf<RolloutStarted>(entry);
    return `${kind} #${candidate}`;
  });
}

function outcomesOf(rig: Rig): readonly string[] {
  return rig.journal.read({ kinds: ['rollout.ended'] }).map((entry) => dataOf<RolloutEnded>(entry).outcome);
}

describe('a queue', () => {
  test('is told, survives a crash, and its release brings its own plan and size only when it begins', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, QUEUED);
    expect(await rig.deploy(3, withPlan({ supersede: 'reject' }, { replicas: 4 }))).toBe('#3 waits until #2 has ended');
    await rig.crash();
    await rig.seconds(30);
    expect(rig.controller.state()).toMatchObject({ spec: { replicas: 2 }, queued: { release: 3 } });
    const told = rig.journal.read({ kinds: ['rollout.queued'] }).map((entry) => dataOf<RolloutQueued>(entry));
    expect(told).toMatchObject([{ rollout: 'herald/local/2', release: 3 }]);
    await rig.seconds(31);
    expect(rig.controller.state()).toMatchObject({ spec: { replicas: 4 }, queued: null, stable: 2 });
    expect(rig.controller.state().rollout).toMatchObject({ candidate: 3, plan: { supersede: 'reject' } });
  });

  test('is emptied by the wish for what is under way', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, QUEUED);
    await rig.deploy(3, QUEUED);
    expect(await rig.deploy(2, QUEUED)).toBe('#2 is being rolled out already');
    expect(rig.controller.state().queued).toBeNull();
  });

  test('and what begins after it carry no evidence and no approval over', async () => {
    const rig = await createServingRig();
    const asking = withPlan({ supersede: 'queue' }, { approval: { count: 1, by: [], expires: null } });
    await rig.deploy(2, asking);
    await rig.order({ kind: 'approve', by: 'ana', groups: [], authenticated: false });
    await rig.deploy(3, asking);
    await rig.seconds(30);
    await rig.order({ kind: 'abort' });
    const { rollout } = rig.controller.state();
    expect([rig.phase(), rollout?.candidate, rollout?.approvals]).toEqual(['paused approval', 3, []]);
    expect(rollout?.evidence.totals.candidate.requests).toBe(0);
  });

  test('of a removed environment is empty', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, QUEUED);
    await rig.deploy(3, QUEUED);
    await rig.order({ kind: 'remove' });
    await rig.seconds(5);
    expect([rig.controller.state().queued, kindsOf(rig)]).toEqual([null, ['deploy #1', 'deploy #2']]);
  });

  test('is what the plan of the rollout under way says, not that of the newer release', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, withPlan({}));
    await rig.deploy(3, QUEUED);
    expect([rig.controller.state().rollout?.candidate, rig.controller.state().queued]).toEqual([3, null]);
    await rig.deploy(4, withPlan({}));
    expect(rig.controller.state().queued?.release).toBe(4);
  });
});

test('what is refused while another is under way leaves no trace', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, REFUSED);
  const before = [rig.controller.state(), rig.journal.read().length];
  expect(await rig.deploy(3, REFUSED)).toContain('its plan lets no other release come between');
  expect([rig.controller.state(), rig.journal.read().length]).toEqual(before);
});

describe('the rollback window', () => {
  test.each([
    [0, 2, 'deploy'],
    [1, 2, 'rollback'],
    [1, 1, 'deploy'],
    [2, 1, 'rollback'],
  ])('of %i and a deployment of #%i is a %s', async (rollbackWindow, version, kind) => {
    const rig = await createRigOfThree();
    await rig.deploy(version, withPlan({ rollbackWindow }));
    expect(kindsOf(rig).at(-1)).toBe(`${kind} #${version}`);
  });

  test('ends a rollout that is under way', async () => {
    const rig = await createRigOfThree();
    await rig.deploy(4, withPlan({ rollbackWindow: 1 }));
    await rig.deploy(2, withPlan({ rollbackWindow: 1 }));
    expect(outcomesOf(rig).slice(-2)).toEqual(['superseded', 'rolledBack']);
    expect(rig.controller.state().stable).toBe(2);
  });
});

test('how a rollout ended and of which kind it was tell a rollback by hand, a way back and a promotion apart', async () => {
  const rig = await createRigOfThree();
  await rig.order({ kind: 'scale', replicas: 3 });
  await rig.seconds(5);
  await rig.deploy(4);
  await rig.order({ kind: 'rollback', to: null });
  await rig.order({ kind: 'rollback', to: null });
  expect(kindsOf(rig).slice(-3)).toEqual(['deploy #3', 'deploy #4', 'rollback #2']);
  expect(outcomesOf(rig).slice(-3)).toEqual(['promotedByHand', 'rolledBack', 'rolledBack']);
});
