import { describe, expect, test } from 'vitest';
import { contentOf, createRig, createServingRig, PLAN, SPEC } from '../../test/rigs/engine-rig.ts';
import type { EnvironmentSpec } from './index.ts';
import { addLook, judge, startEvidence } from './judge/index.ts';

describe('a first deployment', () => {
  test('is exposed when ready, without steps, and promoted when proven within the SLO', async () => {
    const rig = await createRig();
    await rig.deploy(1);
    expect(rig.world.commands).toEqual(['#1 × 2', '#1 100%']);
    expect(rig.phase()).toBe('progressing');
    await rig.seconds(4);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('without traffic is promoted after being watched for a while, since nothing speaks against it', async () => {
    const rig = await createRig();
    rig.world.requestsPerSecond = 0;
    await rig.deploy(1);
    await rig.seconds(29);
    expect(rig.phase()).toBe('progressing');
    await rig.seconds(2);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('whose counters are nonsense is not promoted by them', async () => {
    const rig = await createRig();
    rig.world.badShare.set(1, NaN);
    await rig.deploy(1);
    await rig.seconds(60);
    expect(rig.phase()).toBe('progressing');
    expect(rig.controller.state().rollout?.because).toContain('waits for metrics');
    await rig.seconds(900);
    expect(rig.phase()).toBe('paused inconclusive');
  });

  test('that never gets ready is aborted at the deadline with nothing exposed', async () => {
    const rig = await createRig();
    rig.world.never.add(1);
    await rig.deploy(1);
    await rig.seconds(599);
    expect(rig.phase()).toBe('progressing');
    await rig.seconds(2);
    expect(rig.phase()).toBe('aborted aborted');
    expect(rig.world.commands.at(-1)).toBe('#1 × 0');
    expect(rig.world.commands.some((command) => command.includes('%'))).toBe(false);
  });

  test('that answers with errors is aborted by the absolute test, and no longer exposed', async () => {
    const rig = await createRig();
    rig.world.badShare.set(1, 0.2);
    await rig.deploy(1);
    await rig.seconds(3);
    expect(rig.phase()).toBe('aborted aborted');
    expect(rig.world.commands.slice(-2)).toEqual(['nothing', '#1 × 0']);
  });
});

describe('a canary with written steps', () => {
  test('goes through its steps and is promoted; the old release stays at full size, then warm', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    expect(rig.world.commands).toEqual(['#2 × 1', '#1 90% #2 10%']);
    expect(rig.phase()).toBe('paused step');
    await rig.seconds(61);
    expect(rig.phase()).toBe('healthy promoted');
    expect(rig.world.commands.slice(2)).toEqual(['#2 × 2', '#2 100%']);
    await rig.seconds(601);
    expect(rig.world.commands.slice(4)).toEqual(['#1 × 1']);
  });

  test('with many errors is aborted: traffic first, then its replicas', async () => {
    const rig = await createServingRig();
    rig.world.badShare.set(2, 0.5);
    await rig.deploy(2);
    await rig.seconds(3);
    expect(rig.phase()).toBe('aborted aborted');
    expect(rig.world.commands.slice(-2)).toEqual(['#1 100%', '#2 × 0']);
    expect(rig.controller.state().rollout?.because).toMatch(/bad|fail/);
  });

  test('without traffic holds and says so, and goes on by itself when data return', async () => {
    const rig = await createServingRig();
    rig.world.requestsPerSecond = 0;
    await rig.deploy(2);
    await rig.seconds(120);
    expect(rig.phase()).toBe('progressing');
    expect(rig.controller.state().rollout?.because).toContain('waits for metrics');
    rig.world.requestsPerSecond = 100;
    await rig.seconds(3);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('whose metrics are down does not enter a higher weight', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.seconds(30);
    rig.world.metrics = false;
    await rig.seconds(60);
    expect(rig.phase()).toBe('progressing');
    rig.world.metrics = true;
    await rig.seconds(2);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('whose metrics stay down waits for a person after the deadline, and still goes on when they return', async () => {
    const rig = await createServingRig();
    rig.world.metrics = false;
    await rig.deploy(2);
    await rig.seconds(60 + 601);
    expect(rig.phase()).toBe('paused inconclusive');
    expect(rig.controller.state().told?.wait).toMatchObject({ until: null, command: 'slipway promote' });
    rig.world.metrics = true;
    await rig.seconds(2);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('keeps the old release at full size for its time, however few are kept', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, { ...SPEC, keep: 0 });
    await rig.seconds(61);
    expect(rig.phase()).toBe('healthy promoted');
    await rig.seconds(598);
    expect(rig.world.desired(1)).toBe(2);
    await rig.seconds(3);
    expect([rig.world.desired(1), rig.controller.state().kept]).toEqual([0, []]);
  });

  test('that loses a replica gets the weight that the others can carry, and its weight back later', async () => {
    const rig = await createServingRig();
    const steps = [
      { kind: 'weight', weight: 0.5 },
      { kind: 'weight', weight: 0.9 },
      { kind: 'pause', duration: 'manual' },
    ] as const;
    await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, steps } });
    await rig.seconds(2);
    rig.world.commands.length = 0;
    rig.world.readyAtMost.set(2, 1);
    await rig.seconds(1);
    rig.world.readyAtMost.set(2, 0);
    await rig.seconds(1);
    rig.world.readyAtMost.clear();
    await rig.seconds(1);
    expect(rig.world.commands).toEqual(['#1 50% #2 50%', '#1 100%', '#1 10% #2 90%']);
  });

  test('that loses its replicas for good is aborted at once, without statistics', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    rig.world.failing.set(2, 'it was restarted three times in 30 s');
    await rig.seconds(1);
    expect(rig.phase()).toBe('aborted aborted');
    expect(rig.controller.state().rollout?.because).toContain('restarted three times');
  });

  test('is superseded by a newer release, which starts from the same stable one', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.seconds(5);
    await rig.deploy(3);
    await rig.seconds(1);
    const { rollout } = rig.controller.state();
    expect([rollout?.candidate, rollout?.stable, rollout?.evidence.totals.candidate.requests]).toEqual([3, 1, 10]);
    expect(rig.world.commands).toContain('#2 × 0');
    expect(rig.journal.read({ kinds: ['rollout.ended'] }).at(-1)?.data).toMatchObject({
      outcome: 'superseded',
      candidate: 2,
    });
  });

  test('is not weighted while the router has not moved, and is aborted at the deadline', async () => {
    const rig = await createServingRig();
    rig.world.routerStuck = true;
    await rig.deploy(2);
    await rig.seconds(601);
    expect(rig.phase()).toBe('aborted aborted');
    expect(rig.controller.state().rollout?.because).toContain('waited until 10%');
  });
});

describe('a canary without steps', () => {
  const spec: EnvironmentSpec = { ...SPEC, strategy: { ...PLAN, steps: null } };

  test('goes 5, 25, 50 %, waits for a pass and is promoted', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, spec);
    await rig.seconds(120);
    expect(rig.phase()).toBe('healthy promoted');
    expect(rig.world.commands.filter((command) => command.includes('%'))).toEqual([
      '#1 95% #2 5%',
      '#1 75% #2 25%',
      '#1 50% #2 50%',
      '#2 100%',
    ]);
  });

  test('that can not be decided in time is aborted where that is asked for, also when nobody sends a request', async () => {
    const rig = await createServingRig();
    rig.world.requestsPerSecond = 0;
    const judged = { ...PLAN.judge, inconclusive: 'abort' as const };
    await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, steps: null, judge: judged } });
    await rig.seconds(898);
    expect(rig.phase()).toBe('progressing');
    await rig.seconds(3);
    expect(rig.phase()).toBe('aborted aborted');
  });

  test('that passes in the last second is promoted, not held', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, steps: null, judge: { ...PLAN.judge, within: 92_000 } } });
    await rig.seconds(5);
    // The pass is there at the end of the 30 s at 50 %; the replicas for 100 % come only after `within` is over.
    rig.world.readyAtMost.set(2, 1);
    await rig.seconds(90);
    expect(rig.controller.state().rollout?.step).toBe(3);
    rig.world.readyAtMost.clear();
    await rig.seconds(2);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('whose judge only reports waits for nothing that the judge says', async () => {
    const rig = await createServingRig();
    rig.world.badShare.set(2, 0.3);
    rig.world.metrics = false;
    await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, steps: null, judge: { ...PLAN.judge, dry: true } } });
    await rig.seconds(60);
    rig.world.metrics = true;
    await rig.seconds(35);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('that can not be decided in time is held as inconclusive; a person promotes it', async () => {
    const rig = await createServingRig();
    rig.world.requestsPerSecond = 0;
    await rig.deploy(2, spec);
    await rig.seconds(901);
    expect(rig.phase()).toBe('paused inconclusive');
    await rig.order({ kind: 'promote' });
    await rig.seconds(100);
    expect(rig.phase()).toBe('healthy promotedByHand');
  });
});

describe('what people ask', () => {
  test('promote ends a pause; abort returns all traffic; a second abort has nothing to do', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.seconds(1);
    await rig.order({ kind: 'promote' });
    expect(rig.phase()).toBe('healthy promoted');
    await rig.deploy(3);
    await rig.order({ kind: 'abort' });
    expect(rig.phase()).toBe('aborted aborted');
    expect(rig.world.commands.slice(-2)).toEqual(['#2 100%', '#3 × 0']);
    expect(await rig.order({ kind: 'abort' })).toContain('nothing to abort');
  });

  test('rollback sends everything to the release before at once, and again to the one before that', async () => {
    const rig = await createServingRig();
    for (const version of [2, 3]) {
      await rig.deploy(version);
      await rig.seconds(1);
      await rig.order({ kind: 'promoteFully' });
    }
    expect(rig.controller.state().stable).toBe(3);
    rig.world.commands.length = 0;
    await rig.order({ kind: 'rollback', to: null });
    expect(rig.world.commands[0]).toBe('#2 100%');
    expect(rig.phase()).toBe('healthy rolledBack');
    await rig.order({ kind: 'rollback', to: null });
    expect(rig.controller.state().stable).toBe(1);
    await rig.order({ kind: 'rollback', to: 3 });
    await rig.seconds(1);
    expect(rig.controller.state().stable).toBe(3);
  });

  test('rollback with nothing kept, or to an unknown release, is refused and says what there is', async () => {
    const rig = await createServingRig();
    expect((await rig.controller.command({ kind: 'rollback', to: null })).refusal?.code).toBe(
      'delivery/no-such-release',
    );
    expect((await rig.controller.command({ kind: 'rollback', to: 9 })).refusal?.code).toBe('delivery/no-such-release');
  });

  test('deploying the stable release during a rollout ends it; without one nothing happens', async () => {
    const rig = await createServingRig();
    expect(await rig.deploy(1)).toContain('already');
    await rig.deploy(2);
    await rig.deploy(1);
    expect(rig.phase()).toBe('healthy rolledBack');
    expect(rig.controller.state().stable).toBe(1);
  });

  test('an aborted release is refused until it is retried', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.order({ kind: 'abort' });
    const answer = await rig.controller.command({ kind: 'deploy', content: contentOf(2), revision: null, spec: SPEC });
    expect(answer.refusal?.code).toBe('delivery/aborted-before');
    await rig.order({ kind: 'retry' });
    expect(rig.phase()).toBe('paused step');
  });

  test('an answer names the rollout that goes on because of it, and none when none does', async () => {
    const rig = await createServingRig();
    const deploy = { kind: 'deploy' as const, content: contentOf(2), revision: null, spec: SPEC };
    expect((await rig.controller.command(deploy)).rollout).toBe('herald/local/2');
    expect((await rig.controller.command(deploy)).rollout).toBe('herald/local/2');
    expect((await rig.controller.command({ kind: 'abort' })).rollout).toBeNull();
    expect((await rig.controller.command({ ...deploy, content: contentOf(1) })).rollout).toBeNull();
  });

  test('removing an environment takes traffic away, then replicas', async () => {
    const rig = await createServingRig();
    await rig.order({ kind: 'remove' });
    await rig.seconds(1);
    expect(rig.world.commands).toEqual(['nothing', '#1 × 0']);
  });
});

test('the journal holds each entry once, and from the looks the e-values can be computed again', async () => {
  const rig = await createServingRig();
  rig.world.badShare.set(2, 0.1);
  await rig.deploy(2);
  await rig.seconds(30);
  const { rollout } = rig.controller.state();
  const looks = rig.journal
    .read({ kinds: ['rollout.looked'] })
    .map(({ data }) => data as { rollout: string; counts: Parameters<typeof addLook>[1]; at: number; abort: number })
    .filter((look) => look.rollout === rollout?.id);
  const again = looks.reduce(
    (evidence, look) => addLook(evidence, look.counts, look.at),
    startEvidence(PLAN.judge, true),
  );
  expect(again).toEqual(rollout?.evidence);
  expect(judge(again, PLAN.judge).abort.e).toBe(looks.at(-1)?.abort);
});

test('every step says why it begins, so that a person understands it later', async () => {
  const rig = await createServingRig();
  const becauseOf = (kind: string): readonly string[] =>
    rig.journal
      .read({ kinds: [kind] })
      .map(({ data }) => data as { rollout: string; because: string })
      .filter(({ rollout }) => rollout === rig.controller.state().rollout?.id)
      .map(({ because }) => because);
  await rig.deploy(2);
  await rig.seconds(61);
  expect(becauseOf('rollout.stepped')).toEqual(['#2 was deployed', 'the pause of 1m is over']);
  expect(becauseOf('rollout.paused')).toEqual(['the plan pauses here for 1m']);
  await rig.deploy(3, { ...SPEC, strategy: { ...PLAN, steps: null } });
  await rig.seconds(120);
  expect(becauseOf('rollout.stepped')).toEqual([
    '#3 was deployed',
    'nothing speaks against #3 at 5%',
    'nothing speaks against #3 at 25%',
    expect.stringContaining('proven within the SLO'),
  ]);
});
