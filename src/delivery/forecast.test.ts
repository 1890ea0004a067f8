import { describe, expect, test } from 'vitest';
import { createServingRig, PLAN, SPEC } from '../../test/rigs/engine-rig.ts';
import type { BlueGreenPlan, CanaryPlan } from './environment-spec.ts';
import { forecast } from './forecast.ts';
import { seenTraffic } from './seen-traffic.ts';

const BUSY = { rate: 100, baseline: 0.01 };

const BLUE_GREEN: BlueGreenPlan = {
  kind: 'blueGreen',
  previewReplicas: 1,
  switch: 'auto',
  before: { smoke: [], load: null, e2e: false, judge: null },
  after: { judge: PLAN.judge },
  keep: 0,
  deadline: 600_000,
  onDeadline: 'abort',
};

describe('a forecast', () => {
  test('is of the first weight, and of the weight at which the plan waits for pass', () => {
    expect(forecast({ ...PLAN, steps: null }, BUSY)).toMatchObject({ weight: 0.05, pass: { weight: 0.5 } });
    expect(forecast(PLAN, BUSY)).toMatchObject({ weight: 0.1, pass: null });
    const asked: CanaryPlan = {
      ...PLAN,
      steps: [
        { kind: 'weight', weight: 0.2 },
        { kind: 'judge', judge: PLAN.judge },
      ],
    };
    expect(forecast(asked, BUSY)).toMatchObject({ weight: 0.2, pass: { weight: 0.2 } });
  });

  test('tells how much longer smaller regressions last', () => {
    const [twice, thrice, tenfold] = forecast(PLAN, BUSY)?.regressions ?? [];
    expect([twice?.ratio, thrice?.ratio, tenfold?.ratio]).toEqual([2, 3, 10]);
    expect(tenfold?.median ?? Infinity).toBeLessThan(thrice?.median ?? 0);
    expect(thrice?.median ?? Infinity).toBeLessThan(twice?.median ?? 0);
  });

  test('after a blue-green switch is of the SLO alone', () => {
    const found = forecast(BLUE_GREEN, BUSY);
    expect(found).toMatchObject({ weight: 1, pass: { weight: 1 } });
    expect(found?.regressions.at(-1)?.decided).toBe(1);
  });

  test('needs a judge that acts', () => {
    const rolling = {
      maxSurge: { count: 1 },
      maxUnavailable: { count: 0 },
      deadline: 1000,
      onDeadline: 'abort',
    } as const;
    expect(forecast({ kind: 'rolling', ...rolling }, BUSY)).toBeNull();
    expect(forecast({ ...BLUE_GREEN, after: { judge: null } }, BUSY)).toBeNull();
    expect(forecast({ ...PLAN, judge: { ...PLAN.judge, dry: true } }, BUSY)).toBeNull();
  });
});

describe('the traffic of an environment', () => {
  test('is what its last rollout has counted', async () => {
    const rig = await createServingRig();
    for (const release of [1, 2]) rig.world.badShare.set(release, 0.01);
    await rig.deploy(2, {
      ...SPEC,
      strategy: {
        ...PLAN,
        steps: [
          { kind: 'weight', weight: 0.1 },
          { kind: 'pause', duration: 'manual' },
        ],
      },
    });
    await rig.seconds(120);
    const seen = seenTraffic(rig.journal, 'herald/local');
    expect(seen?.rate).toBeCloseTo(100, 0);
    expect((seen?.bad ?? 0) / (seen?.requests ?? 1)).toBeCloseTo(0.01, 2);
  });

  test('is not known before there was a rollout', async () => {
    const rig = await createServingRig();
    expect(seenTraffic(rig.journal, 'herald/elsewhere')).toBeNull();
  });
});
