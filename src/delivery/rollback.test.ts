import { describe, expect, test } from 'vitest';
import { contentOf, createRigOfThree, createServingRig, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import type { Command } from './index.ts';

async function refusalOf(rig: Rig, command: Command): Promise<string | undefined> {
  return (await rig.controller.command(command)).refusal?.code;
}

describe('a rollback that waits for replicas', () => {
  async function createWaitingRig(): Promise<Rig> {
    const rig = await createRigOfThree();
    rig.world.never.add(2);
    await rig.order({ kind: 'rollback', to: null });
    expect(rig.phase()).toBe('progressing');
    expect(rig.controller.state().told?.shares).toEqual({ 3: 1 });
    return rig;
  }

  test('is not undone by asking for it again', async () => {
    const rig = await createWaitingRig();
    expect(await rig.order({ kind: 'rollback', to: null })).toContain('already');
    expect(await rig.order({ kind: 'rollback', to: 2 })).toContain('already');
    rig.world.never.clear();
    await rig.seconds(1);
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 2]);
  });

  test.each<[string, Command]>([
    ['deploying the stable release', { kind: 'deploy', content: contentOf(3), revision: null, spec: SPEC }],
    ['rolling back to the stable release', { kind: 'rollback', to: 3 }],
    ['an abort', { kind: 'abort' }],
  ])('leaves everything at the stable release after %s', async (_name, command) => {
    const rig = await createWaitingRig();
    await rig.order(command);
    await rig.seconds(5);
    const { stable, told } = rig.controller.state();
    expect([stable, told?.shares, told?.candidate]).toEqual([3, { 3: 1 }, null]);
  });

  test('and is aborted says nothing against a deployment of its release, which goes by the steps', async () => {
    const rig = await createWaitingRig();
    await rig.order({ kind: 'abort' });
    rig.world.never.clear();
    await rig.deploy(2);
    expect(rig.phase()).toBe('paused step');
  });

  test('gives way to another one, and to a deployment', async () => {
    const rig = await createWaitingRig();
    await rig.order({ kind: 'rollback', to: 1 });
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 1]);
    await rig.order({ kind: 'rollback', to: 2 });
    await rig.deploy(4);
    expect(rig.phase()).toBe('paused step');
    expect(rig.controller.state().rollout).toMatchObject({ kind: 'deploy', candidate: 4, stable: 1 });
  });
});

describe('what a rollback returns to by itself', () => {
  const target = async (rig: Rig): Promise<number | null> => {
    await rig.order({ kind: 'rollback', to: null });
    return rig.controller.state().stable;
  };

  test('is never what was rolled back from', async () => {
    const rig = await createRigOfThree();
    expect([await target(rig), await target(rig), await target(rig)]).toEqual([2, 1, 1]);
    expect(await refusalOf(rig, { kind: 'rollback', to: null })).toBe('delivery/no-such-release');
    await rig.deploy(4);
    await rig.seconds(61);
    expect(rig.controller.state().stable).toBe(4);
    expect([await target(rig), await target(rig)]).toEqual([1, 1]);
  });

  test('is not a kept release that was deployed again and aborted', async () => {
    const rig = await createRigOfThree();
    rig.world.badShare.set(2, 0.5);
    await rig.deploy(2);
    await rig.seconds(3);
    expect(rig.phase()).toBe('aborted aborted');
    expect(rig.controller.state().kept.map(({ release }) => release)).toEqual([1, 2]);
    expect(await target(rig)).toBe(1);
  });

  test('in the middle of a rollout is the stable release', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.order({ kind: 'rollback', to: null });
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 1]);
    expect(rig.world.commands.slice(-2)).toEqual(['#1 100%', '#2 × 0']);
  });
});

describe('a kept release that is deployed again', () => {
  test('goes through the steps and is kept no more when it serves', async () => {
    const rig = await createRigOfThree();
    await rig.deploy(1);
    expect(rig.phase()).toBe('paused step');
    await rig.seconds(61);
    const { stable, kept } = rig.controller.state();
    expect([stable, kept.map(({ release }) => release)]).toEqual([1, [2, 3]]);
  });

  test('after an aborted rollout is rolled out', async () => {
    const rig = await createRigOfThree();
    await rig.deploy(4);
    await rig.order({ kind: 'abort' });
    await rig.deploy(2);
    await rig.seconds(61);
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy promoted', 2]);
  });
});

describe('before a rollback', () => {
  const asked: Command = { kind: 'rollback', to: null };

  test('it is asked whether the release could run: if not, nothing happens at all', async () => {
    const rig = await createRigOfThree();
    rig.world.cannotRun.set(2, 'the version 1 of its secret DATABASE_URL is not there any more');
    const before = [rig.controller.state(), rig.journal.read().length, rig.world.commands.length];
    const { answer, refusal } = await rig.controller.command(asked);
    expect([refusal?.code, answer]).toEqual([
      'delivery/cannot-run',
      '#2 could not run here now: the version 1 of its secret DATABASE_URL is not there any more.',
    ]);
    expect([rig.controller.state(), rig.journal.read().length, rig.world.commands.length]).toEqual(before);
    expect((await rig.controller.command({ kind: 'rollback', to: 1 })).refusal).toBeNull();
    expect(rig.controller.state().stable).toBe(1);
  });

  test('a rollout under way goes on when it could not', async () => {
    const rig = await createRigOfThree();
    await rig.deploy(4);
    rig.world.cannotRun.set(1, 'its module is gone');
    expect(await refusalOf(rig, { kind: 'rollback', to: 1 })).toBe('delivery/cannot-run');
    expect([rig.phase(), rig.controller.state().rollout?.candidate]).toEqual(['paused step', 4]);
  });

  test('the way back to what serves asks nothing', async () => {
    const rig = await createRigOfThree();
    await rig.deploy(4);
    rig.world.cannotRun.set(3, 'its module is gone');
    await rig.order(asked);
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 3]);
  });

  test('not knowing is no reason to refuse it: it waits for its replicas', async () => {
    const rig = await createRigOfThree();
    rig.world.unreachable = true;
    expect((await rig.controller.command(asked)).done).toBe(true);
    rig.world.unreachable = false;
    await rig.seconds(1);
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 2]);
  });

  test('a retry of an aborted one is asked for too', async () => {
    const rig = await createRigOfThree();
    rig.world.never.add(2);
    await rig.order(asked);
    await rig.order({ kind: 'abort' });
    rig.world.cannotRun.set(2, 'its module is gone');
    expect(await refusalOf(rig, { kind: 'retry' })).toBe('delivery/cannot-run');
  });
});
