import { describe, expect, test } from 'vitest';
import { sha256 } from '../kernel/digest.ts';
import {
  contentOf,
  createRig,
  createRigOfThree,
  createServingRig,
  PLAN,
  type Rig,
  SPEC,
} from '../../test/rigs/engine-rig.ts';
import { type BlueGreenPlan, type CanaryPlan, type Command, type EnvironmentSpec } from './index.ts';

const BLUE_GREEN: BlueGreenPlan = {
  kind: 'blueGreen',
  previewReplicas: 1,
  switch: 'auto',
  before: { smoke: [], load: null, e2e: false, judge: null },
  after: { judge: PLAN.judge },
  keep: 60_000,
  deadline: 600_000,
  onDeadline: 'abort',
};

function withPlan(change: Partial<CanaryPlan>): EnvironmentSpec {
  return { ...SPEC, strategy: { ...PLAN, ...change } };
}

async function refusalOf(rig: Rig, command: Command): Promise<string | undefined> {
  return (await rig.controller.command(command)).refusal?.code;
}

describe('a pause by hand', () => {
  test('leaves the rest of a timed pause what it was', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.seconds(20);
    await rig.order({ kind: 'pause' });
    await rig.seconds(3600);
    await rig.order({ kind: 'resume' });
    expect(rig.phase()).toBe('paused step');
    expect(rig.controller.state().told?.wait?.until).toBe(rig.controller.state().rollout!.stepAt + 60_000);
    await rig.seconds(39);
    expect(rig.phase()).toBe('paused step');
    await rig.seconds(2);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('longer than the deadline does not end the wait for replicas that it interrupts', async () => {
    const rig = await createServingRig();
    rig.world.never.add(2);
    await rig.deploy(2);
    await rig.seconds(30);
    await rig.order({ kind: 'pause' });
    await rig.seconds(700);
    await rig.order({ kind: 'resume' });
    await rig.seconds(500);
    expect(rig.phase()).toBe('progressing');
    await rig.seconds(80);
    expect(rig.phase()).toBe('aborted aborted');
  });

  test('does not use up the time that the judge has', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, withPlan({ steps: null }));
    await rig.seconds(10);
    await rig.order({ kind: 'pause' });
    await rig.seconds(1000);
    await rig.order({ kind: 'resume' });
    await rig.seconds(120);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('is told once, and only what was paused by hand is resumed', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    expect(await refusalOf(rig, { kind: 'resume' })).toBe('delivery/not-paused');
    await rig.order({ kind: 'pause' });
    expect(await rig.order({ kind: 'pause' })).toContain('paused already');
    const pauses = rig.journal
      .read({ kinds: ['rollout.paused'] })
      .map(({ data }) => (data as { reason: string }).reason);
    expect(pauses).toEqual(['step', 'manual']);
  });

  test('does not hold back an abort', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.order({ kind: 'pause' });
    rig.world.badShare.set(2, 0.5);
    await rig.seconds(3);
    expect(rig.phase()).toBe('aborted aborted');
  });
});

describe('promoting fully', () => {
  test('skips a pause behind the full weight too', async () => {
    const rig = await createServingRig();
    await rig.deploy(
      2,
      withPlan({
        steps: [
          { kind: 'weight', weight: 1 },
          { kind: 'pause', duration: 'manual' },
        ],
      }),
    );
    expect(rig.phase()).toBe('paused step');
    await rig.order({ kind: 'promoteFully' });
    expect(rig.phase()).toBe('healthy promotedByHand');
  });

  test('waits for the replicas that carry everything, and an abort still wins', async () => {
    const rig = await createServingRig();
    rig.world.readyAtMost.set(2, 1);
    await rig.deploy(2);
    await rig.order({ kind: 'promoteFully' });
    await rig.seconds(30);
    expect(rig.phase()).toBe('progressing');
    expect(rig.controller.state().told?.shares).toEqual({ 1: 0.9, 2: 0.1 });
    await rig.order({ kind: 'abort' });
    expect(rig.phase()).toBe('aborted aborted');
    expect(rig.world.commands.slice(-2)).toEqual(['#1 100%', '#2 × 0']);
  });
});

test('what only the judge is waited for is not promoted by hand while its replicas are gone', async () => {
  const rig = await createServingRig();
  rig.world.requestsPerSecond = 0;
  const after = { judge: { ...PLAN.judge, within: 20_000 } };
  await rig.deploy(2, { ...SPEC, strategy: { ...BLUE_GREEN, after } });
  await rig.seconds(25);
  expect(rig.phase()).toBe('paused inconclusive');
  rig.world.readyAtMost.set(2, 0);
  await rig.seconds(1);
  await rig.order({ kind: 'promote' });
  expect([rig.phase(), rig.controller.state().stable]).toEqual(['progressing', 1]);
  rig.world.readyAtMost.clear();
  await rig.seconds(2);
  expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy promotedByHand', 2]);
});

test('promoting fully what only the judge after a blue-green switch is waited for promotes it at once', async () => {
  const rig = await createServingRig();
  rig.world.requestsPerSecond = 0;
  await rig.deploy(2, { ...SPEC, strategy: BLUE_GREEN });
  await rig.seconds(5);
  expect([rig.phase(), rig.controller.state().told?.shares]).toEqual(['progressing', { 2: 1 }]);
  await rig.order({ kind: 'promoteFully' });
  expect(rig.phase()).toBe('healthy promotedByHand');
});

describe('retry', () => {
  test('of a release that is proven bad is refused: it would go on with the same evidence', async () => {
    const rig = await createServingRig();
    rig.world.badShare.set(2, 0.5);
    await rig.deploy(2);
    await rig.seconds(3);
    expect(rig.phase()).toBe('aborted aborted');
    expect(await refusalOf(rig, { kind: 'retry' })).toBe('delivery/proven-bad');
    rig.world.badShare.clear();
    await rig.seconds(100);
    expect(rig.phase()).toBe('aborted aborted');
  });

  test('goes on with the evidence that there is', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.seconds(30);
    await rig.order({ kind: 'abort' });
    const before = rig.controller.state().rollout?.evidence;
    expect(before?.totals.candidate.requests).toBe(300);
    await rig.order({ kind: 'retry' });
    // Its replicas are cold again.
    expect(rig.controller.state().rollout?.evidence).toEqual({ ...before, exposedAt: null });
  });

  test('of an aborted rollback is a rollback', async () => {
    const rig = await createRigOfThree();
    rig.world.never.add(2);
    await rig.order({ kind: 'rollback', to: null });
    await rig.order({ kind: 'abort' });
    expect(rig.phase()).toBe('aborted aborted');
    rig.world.never.clear();
    await rig.order({ kind: 'retry' });
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy rolledBack', 2]);
  });

  test('without an aborted rollout is refused', async () => {
    const rig = await createServingRig();
    expect(await refusalOf(rig, { kind: 'retry' })).toBe('delivery/nothing-under-way');
  });
});

describe('promote', () => {
  test('is refused while nothing waits for a person, and says what is waited for', async () => {
    const rig = await createServingRig();
    rig.world.never.add(2);
    await rig.deploy(2);
    const { refusal, answer } = await rig.controller.command({ kind: 'promote' });
    expect([refusal?.code, answer]).toEqual([
      'delivery/not-paused',
      expect.stringContaining('waits for 1 ready replica of #2'),
    ]);
  });

  test('after a deadline that holds waits as long once more', async () => {
    const rig = await createServingRig();
    rig.world.never.add(2);
    await rig.deploy(2, withPlan({ onDeadline: 'hold' }));
    await rig.seconds(601);
    expect(rig.phase()).toBe('paused deadline');
    await rig.order({ kind: 'promote' });
    await rig.seconds(590);
    expect(rig.phase()).toBe('progressing');
    await rig.seconds(11);
    expect(rig.phase()).toBe('paused deadline');
  });

  test('decides what metrics can not: the rest of the plan goes on without them', async () => {
    const rig = await createServingRig();
    rig.world.metrics = false;
    await rig.deploy(2);
    await rig.seconds(62);
    expect(rig.controller.state().rollout?.because).toContain('waits for metrics');
    await rig.order({ kind: 'promote' });
    await rig.seconds(1);
    expect(rig.phase()).toBe('healthy promotedByHand');
  });

  test('without a rollout is refused', async () => {
    const rig = await createServingRig();
    for (const kind of ['promote', 'promoteFully', 'pause', 'resume'] as const) {
      expect(await refusalOf(rig, { kind })).toBe('delivery/nothing-under-way');
    }
  });
});

describe('scaling in the middle of a rollout', () => {
  test('up leaves the weight in force where it is until the new replicas are ready', async () => {
    const rig = await createServingRig();
    await rig.deploy(
      2,
      withPlan({
        steps: [
          { kind: 'weight', weight: 0.5 },
          { kind: 'pause', duration: 'manual' },
        ],
      }),
    );
    rig.world.readyAtMost.set(2, 1);
    rig.world.commands.length = 0;
    await rig.order({ kind: 'scale', replicas: 6 });
    await rig.seconds(10);
    expect(rig.world.commands).toEqual(['#1 × 6', '#2 × 3']);
    rig.world.readyAtMost.clear();
    await rig.seconds(1);
    rig.world.readyAtMost.set(2, 2);
    await rig.seconds(1);
    expect(rig.world.commands.slice(2)).toEqual(['#1 100%']);
  });

  test('down takes replicas from both, and no traffic', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, {
      ...withPlan({
        steps: [
          { kind: 'weight', weight: 0.5 },
          { kind: 'pause', duration: 'manual' },
        ],
      }),
      replicas: 6,
    });
    rig.world.commands.length = 0;
    await rig.order({ kind: 'scale', replicas: 2 });
    expect(rig.world.commands).toEqual(['#1 × 2', '#2 × 1']);
  });
});

describe('a removed environment', () => {
  test('is gone when nothing of it is left, which is told once; then it leaves the store', async () => {
    const rig = await createServingRig();
    await rig.order({ kind: 'remove' });
    await rig.seconds(3);
    expect(rig.journal.read({ kinds: ['environment.gone'] })).toHaveLength(1);
    expect(await rig.controller.forget()).toBe(true);
    expect(await rig.store.list()).toEqual([]);
    expect(rig.controller.exists()).toBe(false);
  });

  test('takes every command but a deployment for a mistake', async () => {
    const rig = await createServingRig();
    await rig.order({ kind: 'remove' });
    expect(await refusalOf(rig, { kind: 'rollback', to: null })).toBe('delivery/removed');
  });

  test('takes the release that was under way when it was removed', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.order({ kind: 'remove' });
    await rig.deploy(2);
    await rig.seconds(10);
    expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy promoted', 2]);
  });

  test('that is deployed to again goes on counting, in its releases and in the journal', async () => {
    const rig = await createServingRig();
    await rig.order({ kind: 'remove' });
    await rig.seconds(2);
    await rig.controller.forget();
    await rig.crash();
    await rig.deploy(7);
    await rig.seconds(10);
    expect(rig.phase()).toBe('healthy promoted');
    expect(
      rig.journal.read({ kinds: ['release.created'] }).map(({ data }) => (data as { number: number }).number),
    ).toEqual([1, 2]);
    expect(
      rig.journal.read({ kinds: ['rollout.ended'] }).map(({ data }) => (data as { rollout: string }).rollout),
    ).toEqual(['herald/local/1', 'herald/local/2']);
  });

  test('is not forgotten while something of it is left', async () => {
    const rig = await createServingRig();
    rig.world.routerStuck = true;
    await rig.order({ kind: 'remove' });
    await rig.seconds(20);
    expect(await rig.controller.forget()).toBe(false);
    expect(await rig.store.list()).toEqual(['herald/local']);
  });
});

test('a first deployment that is aborted is neither exposed nor deployed again as it is', async () => {
  const rig = await createRig();
  await rig.deploy(1);
  await rig.order({ kind: 'rollback', to: null });
  expect([rig.phase(), rig.world.commands.slice(-2)]).toEqual(['aborted aborted', ['nothing', '#1 × 0']]);
  expect(await refusalOf(rig, { kind: 'deploy', content: contentOf(1), revision: null, spec: SPEC })).toBe(
    'delivery/aborted-before',
  );
  await rig.deploy(2);
  await rig.seconds(10);
  expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy promoted', 2]);
});

describe('who gave a command', () => {
  const last = (rig: Rig): string => rig.controller.state().rollout?.because ?? '';

  test('is told with what they did, and that nobody has checked it', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.seconds(2);
    await rig.order({ kind: 'pause', by: 'ana', authenticated: false });
    expect(last(rig)).toBe('ana (not authenticated) paused it');
    await rig.order({ kind: 'promoteFully', by: 'ben', authenticated: true });
    const told = rig.journal.read({ kinds: ['rollout.stepped'] }).map(({ data }) => JSON.stringify(data));
    expect(told.at(-1)).toContain('"ben promoted it fully"');
  });

  test('is a person when it is not known', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.order({ kind: 'abort' });
    expect(last(rig)).toBe('a person aborted it');
  });
});

describe('what a Wasm runtime pulls of the image', () => {
  const artifact = sha256('artifact');
  const order = (rig: Rig, more: { readonly artifact?: typeof artifact }) =>
    rig.order({ kind: 'deploy', content: contentOf(1), revision: null, spec: SPEC, ...more });

  test('is kept with the release, and is no part of what it is', async () => {
    const [with_, without] = [await createRig(), await createRig()];
    await order(with_, { artifact });
    await order(without, {});
    const [one, other] = [with_, without].map((rig) => rig.controller.state().releases[1]);
    expect(one?.artifact).toBe(artifact);
    expect(one?.digest).toBe(other?.digest);
    expect(other).not.toHaveProperty('artifact');
  });

  test('is learned by deploying a known release again', async () => {
    const rig = await createRig();
    await order(rig, {});
    await order(rig, { artifact });
    expect(rig.controller.state().releases[1]?.artifact).toBe(artifact);
    await order(rig, {});
    expect(rig.controller.state().releases[1]?.artifact).toBe(artifact);
  });
});
