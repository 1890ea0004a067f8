import { describe, expect, test } from 'vitest';
import { PLAN, SPEC } from './rehearsal/sample-spec.ts';
import type { BlueGreenPlan, CanaryPlan, GatesPlan, RollingPlan } from './environment-spec.ts';
import type { Rollout } from './engine-state.ts';
import { gatesLimit, judgedApart, plannedSteps, stepInWords, stepWhenPromotedFully } from './steps.ts';
import { startRollout } from './starting.ts';
import { emptyState } from './turn.ts';

const NO_GATES: GatesPlan = { smoke: [], load: null, e2e: false };
const SMOKE: GatesPlan = { ...NO_GATES, smoke: [{ method: 'get', path: '/health', body: null, status: 200 }] };
const LOAD = { path: '/', rate: 10, for: 20_000, p99: null, errors: 0.01 };
const ROLLING: RollingPlan = {
  kind: 'rolling',
  maxSurge: { count: 1 },
  maxUnavailable: { count: 0 },
  deadline: 60_000,
  onDeadline: 'abort',
};
const BLUE_GREEN: BlueGreenPlan = {
  kind: 'blueGreen',
  previewReplicas: 1,
  switch: { after: 30_000 },
  before: { ...NO_GATES, load: LOAD, judge: PLAN.judge },
  after: { judge: PLAN.judge },
  keep: 60_000,
  deadline: 60_000,
  onDeadline: 'abort',
};

interface Asked {
  readonly plan: Rollout['plan'];
  readonly gates?: GatesPlan;
  readonly kind?: Rollout['kind'];
  readonly stable?: number | null;
}

function rolloutOf({ plan, gates = NO_GATES, kind = 'deploy', stable = 1 }: Asked): Rollout {
  const content = { service: 's', environment: 'e', image: 'sha256:2', config: {}, secrets: {}, grants: [] } as const;
  const release = { number: 2, digest: 'sha256:2', content, revision: null } as const;
  const state = { ...emptyState('s/e', { ...SPEC, strategy: plan, gates }), stable, releases: { 2: release } };
  const { rollout } = startRollout({ state, entries: [], now: 0 }, { kind, candidate: 2, because: 'a test' }).state;
  if (rollout === null) throw new Error('nothing was started');
  return rollout;
}

function inWords(asked: Asked): readonly string[] {
  return plannedSteps(rolloutOf(asked)).map(stepInWords);
}

describe('the steps of a canary', () => {
  test('are the written ones, everything, and the gates of the environment', () => {
    const steps = inWords({ plan: { ...PLAN, steps: [{ kind: 'weight', weight: 0.1 }] }, gates: SMOKE });
    expect(steps).toEqual(['10%', '100%', 'gates: smoke']);
  });

  test('are 5, 25, 50 and 100 % when none are written', () => {
    expect(inWords({ plan: { ...PLAN, steps: null } })).toEqual(['5%', '25%', '50%', '100%']);
  });

  test('keep every kind that is written, in its place', () => {
    const steps: CanaryPlan['steps'] = [
      { kind: 'replicas', replicas: { count: 3 } },
      { kind: 'mirror', share: 0.2 },
      { kind: 'judge', judge: PLAN.judge },
      { kind: 'pause', duration: 'manual' },
      { kind: 'replicas', replicas: 'weight' },
    ];
    expect(inWords({ plan: { ...PLAN, steps } })).toEqual([
      'replicas: 3',
      'mirror 20%',
      'judge',
      'pause until a person promotes',
      'replicas: as the weight needs',
      '100%',
    ]);
  });

  test('are only everything and the gates for a first deployment', () => {
    expect(inWords({ plan: PLAN, gates: SMOKE, stable: null })).toEqual(['100%', 'gates: smoke']);
  });
});

describe('the steps of a blue-green plan', () => {
  test('show the preview to gates and judge before the switch, and to the judge after it', () => {
    expect(inWords({ plan: BLUE_GREEN, gates: SMOKE })).toEqual([
      'preview: 1',
      'gates: smoke, load',
      'judge',
      'pause 30s',
      '100%',
      'judge',
    ]);
  });

  test('are without the pause for a first deployment, and with every gate', () => {
    const steps = inWords({ plan: BLUE_GREEN, gates: SMOKE, stable: null });
    expect(steps).toEqual(['preview: 1', 'gates: smoke, load', 'judge', '100%', 'judge']);
  });
});

test('a rolling plan replaces the replicas, then come the gates', () => {
  expect(inWords({ plan: ROLLING, gates: { ...SMOKE, e2e: true } })).toEqual([
    'replace the replicas',
    'gates: smoke, e2e',
  ]);
});

test('a rollback is one step in every plan, and asks no gate', () => {
  for (const plan of [PLAN, BLUE_GREEN]) {
    expect(inWords({ plan, gates: SMOKE, kind: 'rollback' })).toEqual(['100%']);
  }
  expect(inWords({ plan: ROLLING, gates: SMOKE, kind: 'rollback' })).toEqual(['replace the replicas']);
});

describe('promoting fully', () => {
  test('goes on at 100 % in a canary, and not back from the gates that follow it', () => {
    const rollout = rolloutOf({ plan: PLAN, gates: SMOKE });
    expect(stepWhenPromotedFully(rollout)).toBe(2);
    expect(stepWhenPromotedFully({ ...rollout, step: 3 })).toBe(3);
  });

  test('jumps over no gate of a blue-green plan', () => {
    const rollout = rolloutOf({ plan: BLUE_GREEN });
    expect([0, 1, 2, 3, 4, 5].map((step) => stepWhenPromotedFully({ ...rollout, step }))).toEqual([0, 1, 4, 4, 4, 5]);
  });

  test('stays in the one step of a rolling plan', () => {
    expect(stepWhenPromotedFully(rolloutOf({ plan: ROLLING, gates: SMOKE }))).toBe(0);
  });
});

describe('a judge step has evidence of its own', () => {
  test('from the start of the rollout when it is about what the gates send', () => {
    const rollout = rolloutOf({ plan: BLUE_GREEN });
    expect(judgedApart(rollout)?.step).toBe(2);
    expect(judgedApart({ ...rollout, step: 3 })).toBeNull();
  });

  test('while it lasts when it asks another question than the rollout does', () => {
    const other = { ...PLAN.judge, detect: 3 };
    const later = { ...PLAN.judge, within: 1000, falseAlarm: 0.001 };
    const steps: CanaryPlan['steps'] = [
      { kind: 'weight', weight: 0.1 },
      { kind: 'judge', judge: other },
      { kind: 'judge', judge: later },
    ];
    const rollout = rolloutOf({ plan: { ...PLAN, steps } });
    expect([0, 1, 2, 3].map((step) => judgedApart({ ...rollout, step })?.step ?? null)).toEqual([null, 1, null, null]);
  });
});

test('the time that a load needs by itself is added to the deadline of the gates', () => {
  const gates = plannedSteps(rolloutOf({ plan: BLUE_GREEN, gates: SMOKE }))[1];
  expect(gates?.kind === 'gates' && gatesLimit(BLUE_GREEN, gates)).toBe(80_000);
});
