import { describe, expect, test } from 'vitest';
import { createServingRig, PLAN, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import { dataOf } from './entries.ts';
import type { EnvironmentSpec, RolloutLooked } from './index.ts';
import { addLook, judge, startEvidence } from './judge/index.ts';

const PAUSED: EnvironmentSpec = {
  ...SPEC,
  strategy: {
    ...PLAN,
    steps: [
      { kind: 'weight', weight: 0.1 },
      { kind: 'pause', duration: 'manual' },
    ],
  },
};

function looksOf(rig: Rig): readonly RolloutLooked[] {
  return rig.journal
    .read({ kinds: ['rollout.looked'] })
    .map((entry) => dataOf<RolloutLooked>(entry))
    .filter(({ rollout }) => rollout === rig.controller.state().rollout?.id);
}

const HOURS = 3600;

describe('during a long pause', () => {
  test('looks are written ever less often, and lose no request', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, PAUSED);
    await rig.seconds(2 * HOURS);
    const looks = looksOf(rig);
    expect(looks.length).toBeLessThan(600);
    // Every look of the first minute and a half is there, later ones at most a minute apart.
    expect(looks.filter(({ at }) => at - (looks[0]?.at ?? 0) <= 90_000).length).toBeGreaterThanOrEqual(90);
    const gaps = looks.slice(1).map(({ at }, index) => at - (looks[index]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000);
    await rig.order({ kind: 'promote' });
    await rig.seconds(2);
    expect(rig.controller.state().rollout?.evidence.totals.candidate.requests).toBe(2 * HOURS * 10);
  });

  test('errors that appear abort as soon as they would have at its beginning', async () => {
    const secondsToAbort = async (pause: number): Promise<number> => {
      const rig = await createServingRig();
      await rig.deploy(2, PAUSED);
      await rig.seconds(pause);
      rig.world.badShare.set(2, 0.1);
      for (let second = 1; second < 100; second += 1) {
        await rig.seconds(1);
        if (rig.phase() === 'aborted aborted') return second;
      }
      return Infinity;
    };
    const early = await secondsToAbort(30);
    expect(early).toBeLessThan(10);
    expect(await secondsToAbort(HOURS + 17)).toBe(early);
  });

  test('what is due happens in time, between the looks that are written', async () => {
    const rig = await createServingRig();
    const steps = [
      { kind: 'weight', weight: 0.1 },
      { kind: 'pause', duration: HOURS * 1000 },
    ] as const;
    await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, steps } });
    await rig.seconds(HOURS - 1);
    expect(rig.phase()).toBe('paused step');
    await rig.seconds(2);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('the looks that are written give the e-values that decided', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, PAUSED);
    for (const release of [1, 2]) rig.world.badShare.set(release, 0.01);
    await rig.seconds(HOURS);
    rig.world.badShare.set(2, 0.5);
    await rig.seconds(30);
    expect(rig.phase()).toBe('aborted aborted');
    const again = looksOf(rig).reduce(
      (sum, { counts, at }) => addLook(sum, counts, at),
      startEvidence(PLAN.judge, true),
    );
    expect(again).toEqual(rig.controller.state().rollout?.evidence);
    expect(judge(again, PLAN.judge).verdict.kind).toBe('fail');
  });

  test('nothing is saved while nothing is written', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, PAUSED);
    await rig.seconds(HOURS);
    const saves: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      await rig.seconds(1);
      saves.push((await rig.store.load('herald/local'))?.version ?? 0);
    }
    expect(new Set(saves).size).toBeLessThanOrEqual(3);
  });

  test('a crash loses no request either', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, PAUSED);
    await rig.seconds(HOURS);
    await rig.crash();
    await rig.seconds(HOURS);
    await rig.order({ kind: 'abort' });
    const totals = looksOf(rig).reduce((sum, { counts }) => sum + counts.candidate.requests, 0);
    expect(totals).toBe(rig.controller.state().rollout?.evidence.totals.candidate.requests);
    expect(2 * HOURS * 10 - totals).toBeLessThanOrEqual(600);
  });
});

describe('with sticky users', () => {
  /** Each request is a unit, and one in ten of a key never seen before; the candidate gets `favour` times its share of these. */
  const withUnits = ({ world }: Rig, favour: number): void => {
    const observe = world.platform.observe.bind(world.platform);
    world.platform.observe = async (context, signal) => {
      const seen = await observe(context, signal);
      const counters = seen.counters?.map((row) => {
        const newKeys = Math.floor((row.requests / 10) * (row.release === 2 ? favour : 1));
        return { ...row, units: { requests: row.requests, errors: row.errors, latency: row.latency, newKeys } };
      });
      return { ...seen, counters: counters ?? null };
    };
  };
  const TIMED: EnvironmentSpec = {
    ...PAUSED,
    strategy: {
      ...PLAN,
      steps: [
        { kind: 'weight', weight: 0.1 },
        { kind: 'pause', duration: 180_000 },
        { kind: 'weight', weight: 0.5 },
      ],
    },
  };

  test('keys that are not dealt by the weights keep the plan from a higher weight, and abort nothing', async () => {
    const rig = await createServingRig();
    withUnits(rig, 3);
    await rig.deploy(2, TIMED);
    await rig.seconds(200);
    expect(rig.phase()).toBe('progressing');
    expect(rig.controller.state().rollout?.because).toContain('keys are not dealt by the weights');
    await rig.seconds(601);
    expect(rig.phase()).toBe('paused inconclusive');
  });

  test('keys that are dealt by them do not', async () => {
    const rig = await createServingRig();
    withUnits(rig, 1);
    await rig.deploy(2, TIMED);
    await rig.seconds(200);
    expect(rig.phase()).toBe('healthy promoted');
    expect(looksOf(rig).at(-1)?.counts.newKeys).toBeDefined();
  });
});
