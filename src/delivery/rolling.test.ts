/** Rolling, in the real engine on the simulated platform. */

import { expect, test } from 'vitest';
import { type Rehearsal, runRehearsal } from './rehearsal/index.ts';
import { HEALTHY, REHEARSAL, SPEC } from './rehearsal/sample-spec.ts';
import type { RollingPlan } from './environment-spec.ts';

const PLAN: RollingPlan = {
  kind: 'rolling',
  maxSurge: { count: 1 },
  maxUnavailable: { count: 0 },
  deadline: 60_000,
  onDeadline: 'abort',
};

const ROLLING: Rehearsal = {
  ...REHEARSAL,
  spec: { ...SPEC, replicas: 4, strategy: PLAN },
  releases: { v1: { ...HEALTHY, startsIn: 2000 }, v2: { ...HEALTHY, startsIn: 2000 } },
  until: 60_000,
  traffic: 0,
};

test('a rolling rollout of good replicas is promoted', async () => {
  const result = await runRehearsal(ROLLING);
  expect(result.rollouts.map(({ outcome }) => outcome)).toEqual(['promoted']);
});
