import { describe, expect, test } from 'vitest';
import { createServingRig, PLAN, type Rig, SPEC } from '../../../test/rigs/engine-rig.ts';
import { dataOf, type RolloutEnded, type RolloutGated } from '../entries.ts';
import type { BlueGreenPlan, CanaryPlan, EnvironmentSpec, GatesPlan, RollingPlan } from '../environment-spec.ts';
import type { Reading } from '../judge/index.ts';

const NO_GATES: GatesPlan = { smoke: [], load: null, e2e: false };
const SMOKE: GatesPlan = { ...NO_GATES, smoke: [{ method: 'get', path: '/health', body: null, status: 200 }] };
const BLUE_GREEN: BlueGreenPlan = {
  kind: 'blueGreen',
  previewReplicas: 1,
  switch: 'auto',
  before: { ...NO_GATES, judge: null },
  after: { judge: null },
  keep: 60_000,
  deadline: 60_000,
  onDeadline: 'abort',
};
const ROLLING: RollingPlan = {
  kind: 'rolling',
  maxSurge: { count: 1 },
  maxUnavailable: { count: 0 },
  deadline: 60_000,
  onDeadline: 'abort',
};

function canary(steps: CanaryPlan['steps'], change: Partial<CanaryPlan> = {}): EnvironmentSpec {
  return { ...SPEC, strategy: { ...PLAN, steps, deadline: 60_000, ...change } };
}

function runs(rig: Rig): readonly string[] {
  return rig.world.gateRuns.map(({ id }) => id);
}

function because(rig: Rig): string | undefined {
  return rig.controller.state().rollout?.because;
}

describe('gates', () => {
  const spec: EnvironmentSpec = { ...SPEC, strategy: BLUE_GREEN, gates: { ...SMOKE, e2e: true } };

  test('run one after the other against the candidate, and each is told', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, spec);
    expect(rig.world.gateRuns).toEqual([
      { id: 'herald/local/2 smoke 1', release: 2, order: { gate: 'smoke', probes: SMOKE.smoke } },
    ]);
    rig.world.gateEnds.set('smoke', { kind: 'passed', summary: '1 of 1 as expected' });
    await rig.seconds(1);
    expect(runs(rig)).toEqual(['herald/local/2 e2e 1']);
    expect(because(rig)).toBe('waits for the gate e2e');
    rig.world.gateEnds.set('e2e', { kind: 'failed', summary: '2 of 7 assertions failed' });
    await rig.seconds(1);
    expect(rig.phase()).toBe('aborted aborted');
    expect(because(rig)).toBe('the gate e2e failed: 2 of 7 assertions failed');
    expect(runs(rig)).toEqual([]);
    const told = rig.journal.read({ kinds: ['rollout.gated'] }).map((entry) => dataOf<RolloutGated>(entry));
    expect(told.map(({ run, result }) => [run, result])).toEqual([
      ['herald/local/2 smoke 1', 'passed'],
      ['herald/local/2 e2e 1', 'failed'],
    ]);
  });

  test('that could not be done are tried again, ever later, under another name', async () => {
    const rig = await createServingRig();
    rig.world.gateEnds.set('smoke', { kind: 'error', summary: 'no such program' });
    await rig.deploy(2, spec);
    const tries = async (seconds: number): Promise<number> => {
      await rig.seconds(seconds);
      return rig.controller.state().rollout?.gateErrors.smoke?.count ?? 0;
    };
    expect([await tries(0), await tries(1), await tries(1), await tries(1), await tries(3), await tries(1)]).toEqual([
      1, 2, 2, 3, 3, 4,
    ]);
    expect(because(rig)).toBe('waits for the gate smoke, which could not be done: no such program');
    rig.world.gateEnds.clear();
    await rig.seconds(8);
    expect(runs(rig)).toEqual(['herald/local/2 smoke 5']);
    await rig.seconds(60);
    expect(rig.phase()).toBe('aborted aborted');
    expect(because(rig)).toContain('in vain for 1m');
  });

  test('that the platform has forgotten, with the process that ran them, are asked for again by the same name', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, spec);
    rig.world.gateRuns = [];
    await rig.crash();
    await rig.seconds(1);
    expect(runs(rig)).toEqual(['herald/local/2 smoke 1']);
  });

  test('are stopped when a person has to decide, and tried anew when they say so', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, { ...spec, strategy: { ...BLUE_GREEN, onDeadline: 'hold' } });
    await rig.seconds(61);
    expect(rig.phase()).toBe('paused deadline');
    expect(runs(rig)).toEqual([]);
    await rig.order({ kind: 'promote' });
    expect(rig.phase()).toBe('progressing');
    expect(runs(rig)).toEqual(['herald/local/2 smoke 1']);
  });

  test('at full weight do not let a release through that has lost its replicas meanwhile', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, { ...canary([{ kind: 'weight', weight: 1 }]), gates: SMOKE });
    await rig.seconds(2);
    expect(because(rig)).toBe('waits for the gate smoke');
    rig.world.readyAtMost.set(2, 1);
    rig.world.gateEnds.set('smoke', { kind: 'passed', summary: 'fine' });
    await rig.seconds(2);
    expect(rig.phase()).toBe('progressing');
    expect(because(rig)).toBe('waits for 2 ready replicas of #2');
    rig.world.readyAtMost.clear();
    await rig.seconds(2);
    expect(rig.phase()).toBe('healthy promoted');
    expect(rig.journal.read({ kinds: ['rollout.gated'] })).toHaveLength(1);
  });
});

describe('a judge step', () => {
  const judged = canary([
    { kind: 'weight', weight: 0.5 },
    { kind: 'judge', judge: PLAN.judge },
  ]);

  test('that only watches holds nothing', async () => {
    const rig = await createServingRig();
    const dry = { ...PLAN.judge, dry: true };
    await rig.deploy(
      2,
      canary([
        { kind: 'weight', weight: 0.5 },
        { kind: 'judge', judge: dry },
      ]),
    );
    await rig.seconds(2);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('says of which data it has none, and is bounded by its own time', async () => {
    const rig = await createServingRig();
    rig.world.requestsPerSecond = 0;
    await rig.deploy(2, judged);
    await rig.seconds(1);
    expect(because(rig)).toBe('waits for the judge to say pass: #2 has answered no request at this weight yet');
    const wait = rig.controller.state().told?.wait;
    expect(wait).toMatchObject({ command: 'slipway promote --full' });
    expect((wait?.until ?? 0) - (wait?.since ?? 0)).toBe(PLAN.judge.within);
  });

  test('that goes by other evidence begins with what comes from then on', async () => {
    const rig = await createServingRig();
    const stricter = { ...PLAN.judge, slo: { errors: 0.001, p99: null } };
    const spec = canary([
      { kind: 'weight', weight: 0.5 },
      { kind: 'pause', duration: 20_000 },
      { kind: 'judge', judge: stricter },
    ]);
    await rig.deploy(2, spec);
    await rig.seconds(20);
    const atStart = rig.controller.state().rollout;
    expect(atStart?.ownEvidence?.step).toBe(2);
    expect(atStart?.ownEvidence?.evidence.totals.candidate.requests).toBe(0);
    await rig.seconds(10);
    expect(rig.controller.state().rollout?.ownEvidence?.evidence.totals.candidate.requests).toBeGreaterThan(400);
    expect(rig.phase()).toBe('progressing');
  });

  test('N05: a promotion by hand while it looks keeps the verdict that there was', async () => {
    const rig = await createServingRig();
    rig.world.requestsPerSecond = 2;
    await rig.deploy(2, judged);
    await rig.seconds(5);
    await rig.order({ kind: 'promoteFully' });
    await rig.seconds(1);
    expect(rig.phase()).toBe('healthy promotedByHand');
    const [end] = rig.journal.read({ kinds: ['rollout.ended'], newest: true, limit: 1 });
    if (end === undefined) throw new Error('nothing ended');
    const { reading } = dataOf<RolloutEnded & { reading: Reading }>(end);
    expect(reading.verdict.kind).toBe('inconclusive');
  });
});

describe('every wait on the world has a deadline', () => {
  const waits: readonly { readonly what: string; readonly spec: EnvironmentSpec; readonly because: string }[] = [
    {
      what: 'replicas',
      spec: canary([{ kind: 'replicas', replicas: { count: 2 } }]),
      because: 'waited for 2 ready replicas of #2 in vain for 1m (0 of 2 ready)',
    },
    {
      what: 'a mirror',
      spec: canary([{ kind: 'mirror', share: 0.5 }]),
      because: 'waited for 1 ready replica of #2 in vain for 1m (0 of 1 ready)',
    },
    {
      what: 'a preview',
      spec: { ...SPEC, strategy: BLUE_GREEN },
      because: 'waited for 1 ready replica of #2 in vain for 1m (0 of 1 ready)',
    },
    {
      what: 'a roll',
      spec: { ...SPEC, strategy: ROLLING },
      because: 'waited for 2 ready replicas of #2, and for the others to be gone (0 of 2 ready) in vain for 1m',
    },
  ];

  test.each(waits)('$what', async ({ spec, because: expected }) => {
    const rig = await createServingRig();
    rig.world.never.add(2);
    await rig.deploy(2, spec);
    const told = rig.controller.state().told?.wait;
    expect((told?.until ?? 0) - (told?.since ?? 0)).toBe(60_000);
    expect(told?.command).toBe('slipway abort');
    await rig.seconds(59);
    expect(rig.phase()).toBe('progressing');
    await rig.seconds(1);
    expect(rig.phase()).toBe('aborted aborted');
    expect(because(rig)).toBe(expected);
  });

  test('a roll that makes progress gets it anew for each replica', async () => {
    const rig = await createServingRig();
    rig.world.readyAtMost.set(2, 0);
    await rig.deploy(2, { ...SPEC, strategy: ROLLING });
    await rig.seconds(50);
    rig.world.readyAtMost.set(2, 1);
    await rig.seconds(50);
    expect(rig.phase()).toBe('progressing');
    rig.world.readyAtMost.clear();
    await rig.seconds(5);
    expect(rig.phase()).toBe('healthy promoted');
  });
});

describe('a timed switch', () => {
  const spec: EnvironmentSpec = { ...SPEC, strategy: { ...BLUE_GREEN, switch: { after: 30_000 } }, gates: SMOKE };

  test('counts from the preview, not from the end of the gates', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, spec);
    await rig.seconds(20);
    rig.world.gateEnds.set('smoke', { kind: 'passed', summary: 'fine' });
    await rig.seconds(1);
    expect(rig.phase()).toBe('paused step');
    const wait = rig.controller.state().told?.wait;
    expect((wait?.until ?? 0) - (wait?.since ?? 0)).toBe(9000);
    await rig.seconds(9);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('stands still while a person has paused the rollout', async () => {
    const rig = await createServingRig();
    rig.world.gateEnds.set('smoke', { kind: 'passed', summary: 'fine' });
    await rig.deploy(2, spec);
    await rig.seconds(10);
    await rig.order({ kind: 'pause' });
    await rig.seconds(100);
    await rig.order({ kind: 'resume' });
    await rig.seconds(19);
    expect(rig.phase()).toBe('paused step');
    await rig.seconds(1);
    expect(rig.phase()).toBe('healthy promoted');
  });
});

test('a rolling plan is judged by nobody: what proves its candidate bad is only shown', async () => {
  const rig = await createServingRig();
  rig.world.badShare.set(2, 0.5);
  rig.world.readyAtMost.set(2, 1);
  await rig.deploy(2, { ...SPEC, strategy: ROLLING });
  await rig.seconds(20);
  expect(rig.phase()).toBe('progressing');
  rig.world.readyAtMost.clear();
  await rig.seconds(2);
  expect(rig.phase()).toBe('healthy promoted');
});
