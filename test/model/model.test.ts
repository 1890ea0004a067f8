/**
 * A bounded exhaustive model check of the invariants (facts/rollouts.md sections 10.2 and 12, bar G12): everything that
 * people and the world can do to a rollout within these budgets, in every order, with a kill at every point.
 */

import { describe, expect, test } from 'vitest';
import type { CanaryPlan, EnvironmentSpec } from '../../src/delivery/index.ts';
import { PLAN, SPEC } from '../rigs/engine-rig.ts';
import { checkModel } from './model.ts';
import { PLANTED_FAULTS } from './planted-faults.ts';

const CANARY_PLAN: CanaryPlan = {
  ...PLAN,
  steps: [
    { kind: 'weight', weight: 0.5 },
    { kind: 'pause', duration: 60_000 },
    { kind: 'weight', weight: 1 },
  ],
  keep: 60_000,
};

const CANARY: EnvironmentSpec = { ...SPEC, strategy: CANARY_PLAN };

const CAREFUL: EnvironmentSpec = {
  ...CANARY,
  approval: { count: 1, by: [], expires: null },
  gates: { smoke: [{ method: 'get', path: '/', body: null, status: 200 }], load: null, e2e: false },
};

const DYNAMIC: EnvironmentSpec = {
  ...CANARY,
  strategy: { ...CANARY_PLAN, stableScale: 'dynamic' },
};

const GUARDED: EnvironmentSpec = { ...CANARY, guard: 120_000 };

const ROLLING: EnvironmentSpec = {
  ...SPEC,
  strategy: {
    kind: 'rolling',
    maxSurge: { count: 1 },
    maxUnavailable: { count: 0 },
    deadline: 600_000,
    onDeadline: 'abort',
  },
};

const BLUE_GREEN: EnvironmentSpec = {
  ...SPEC,
  strategy: {
    kind: 'blueGreen',
    previewReplicas: 1,
    switch: 'manual',
    before: { smoke: [], load: null, e2e: false, judge: null },
    after: { judge: null },
    keep: 60_000,
    deadline: 600_000,
    onDeadline: 'abort',
  },
};

describe('whatever happens in whatever order, all invariants hold', () => {
  test.each<readonly [string, EnvironmentSpec, Readonly<Record<string, number>>]>([
    ['a canary and the world', CANARY, { deploy: 1, abort: 1, crash: 1, 'not ready': 1, regress: 1 }],
    ['a canary and its people', CANARY, { deploy: 1, abort: 1, retry: 1, promote: 1, promoteFully: 1, rollback: 1 }],
    ['a canary that is scaled', CANARY, { deploy: 1, abort: 1, crash: 1, scale: 2 }],
    ['a canary that is superseded', CANARY, { deploy: 2, 'deploy stable': 1, abort: 1, pause: 1, resume: 1 }],
    ['a canary with an approval and a gate', CAREFUL, { deploy: 1, approve: 1, abort: 1, crash: 1, promoteFully: 1 }],
    [
      'an approval that is raced',
      CAREFUL,
      { deploy: 2, 'deploy stable': 1, approve: 1, reject: 1, abort: 1, retry: 1 },
    ],
    ['a canary whose stable release shrinks', DYNAMIC, { deploy: 1, abort: 1, crash: 1, 'not ready': 1, regress: 1 }],
    [
      'a promotion that is guarded',
      GUARDED,
      { deploy: 1, crash: 1, 'not ready': 1, regress: 1, rollback: 1, abort: 1 },
    ],
    ['a rolling update', ROLLING, { deploy: 1, abort: 1, crash: 1, 'not ready': 1, scale: 1 }],
    ['blue and green', BLUE_GREEN, { deploy: 1, abort: 1, crash: 1, 'not ready': 1, promote: 1, rollback: 1 }],
  ])('%s', { timeout: 300_000 }, (_name, spec, budget) => {
    const result = checkModel({ spec, budget });
    expect(result).toMatchObject({ kind: 'holds' });
    // A model in which little can happen proves little.
    expect(result.states).toBeGreaterThan(500);
  });
});

describe('a planted fault is found, with a shortest trace', () => {
  const budget = { deploy: 1, abort: 1, crash: 1, regress: 1, promote: 1, approve: 1 };
  test.each(PLANTED_FAULTS.map((fault) => [fault.invariant, fault.what, fault.engine] as const))(
    '%s: %s',
    { timeout: 300_000 },
    (invariant, _what, engine) => {
      const spec = invariant === 'I8' ? CAREFUL : CANARY;
      expect(checkModel({ spec, budget, engine: engine() })).toMatchObject({ kind: 'broken' });
      const result = checkModel({ spec, budget, engine: engine(), only: invariant });
      if (result.kind !== 'broken') throw new Error(`not found in ${result.states} states`);
      expect(result.message).toMatch(new RegExp(`^${invariant}:`));
      // The shortest one: to be read by whoever breaks the engine next.
      expect(result.trace.length).toBeGreaterThan(0);
      expect(result.trace.length).toBeLessThan(15);
    },
  );
});
