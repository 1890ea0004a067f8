/** How many replicas plans ask for. */

import { describe, expect, test } from 'vitest';
import type { CanaryPlan, Count, Step, Strategy } from './environment-spec.ts';
import type { Rollout } from './engine-state.ts';
import { PLAN, SPEC } from './rehearsal/sample-spec.ts';
import { candidateReplicas, isGradual, rollBounds } from './sizes.ts';
import { startRollout } from './starting.ts';
import { emptyState } from './turn.ts';

describe('the bounds of a rolling plan', () => {
  const share = (value: number): Count => ({ share: value });
  const count = (value: number): Count => ({ count: value });

  test.each([
    // maxSurge, maxUnavailable, replicas → most, least; shares as `ResolveFenceposts` of Kubernetes rounds them.
    { surge: share(0.25), unavailable: share(0.25), replicas: 4, most: 5, least: 3 },
    { surge: share(0.25), unavailable: share(0.25), replicas: 5, most: 7, least: 4 },
    { surge: share(0.25), unavailable: share(0.25), replicas: 1, most: 2, least: 1 },
    { surge: share(0.07), unavailable: share(0), replicas: 100, most: 107, least: 100 },
    { surge: count(2), unavailable: count(0), replicas: 4, most: 6, least: 4 },
    { surge: count(0), unavailable: count(1), replicas: 4, most: 4, least: 3 },
    // A share of so few that nothing is left of it: one may be unavailable, or nothing could move.
    { surge: share(0), unavailable: share(0.1), replicas: 5, most: 5, least: 4 },
    { surge: count(0), unavailable: share(0.25), replicas: 1, most: 1, least: 0 },
    // Ours: the last ready one stays where there is room for another, also when all may be unavailable.
    { surge: count(0), unavailable: share(1), replicas: 4, most: 4, least: 1 },
    { surge: count(1), unavailable: count(9), replicas: 1, most: 2, least: 1 },
  ])('$surge and $unavailable of $replicas are $least to $most', ({ surge, unavailable, replicas, most, least }) => {
    const plan = { kind: 'rolling', maxSurge: surge, maxUnavailable: unavailable } as const;
    expect(rollBounds({ ...plan, deadline: 1, onDeadline: 'abort' }, replicas)).toEqual({ most, least });
  });
});

/** A rollout of #2 from #1 that stands at this step. */
function rolloutAt(step: number, plan: Strategy): Rollout {
  const content = { service: 'herald', environment: 'local', config: {}, secrets: {}, grants: [] };
  const release = {
    number: 2,
    digest: 'sha256:2',
    content: { ...content, image: 'sha256:2' },
    revision: null,
  } as const;
  const state = { ...emptyState('herald/local', { ...SPEC, strategy: plan }), releases: { 2: release }, stable: 1 };
  const turn = startRollout({ state, entries: [], now: 0 }, { kind: 'deploy', candidate: 2, because: 'a test' });
  if (turn.state.rollout === null) throw new Error('nothing was started');
  return { ...turn.state.rollout, step };
}

function canary(steps: readonly Step[], change: Partial<CanaryPlan> = {}): CanaryPlan {
  return { ...PLAN, steps, ...change };
}

describe('the size of a candidate', () => {
  const sizes = (plan: Strategy, replicas: number, steps: number): readonly number[] =>
    Array.from({ length: steps }, (_, step) => candidateReplicas(rolloutAt(step, plan), replicas));

  test('is what the weight needs', () => {
    const plan = canary([
      { kind: 'weight', weight: 0.05 },
      { kind: 'pause', duration: 'manual' },
      { kind: 'weight', weight: 0.5 },
    ]);
    expect(sizes(plan, 5, 4)).toEqual([1, 1, 3, 5]);
  });

  test('stays as a step has set it, but never below what the weight needs, until it follows the weight again', () => {
    const plan = canary([
      { kind: 'replicas', replicas: { share: 0.25 } },
      { kind: 'weight', weight: 0.5 },
      { kind: 'replicas', replicas: { count: 3 } },
      { kind: 'pause', duration: 'manual' },
      { kind: 'replicas', replicas: 'weight' },
    ]);
    expect(sizes(plan, 4, 6)).toEqual([1, 2, 3, 3, 2, 4]);
  });

  test('is enough for the copies of a mirror, which lasts until the next weight', () => {
    const plan = canary([
      { kind: 'mirror', share: 0.4 },
      { kind: 'pause', duration: 'manual' },
      { kind: 'weight', weight: 0.2 },
    ]);
    expect(sizes(plan, 10, 4)).toEqual([4, 4, 2, 10]);
  });

  test('is one from the start where requests may ask for it by their headers', () => {
    const match = { headers: { canary: 'true' } };
    expect(sizes(canary([{ kind: 'pause', duration: 'manual' }], { match }), 4, 2)).toEqual([1, 4]);
    expect(sizes(canary([{ kind: 'pause', duration: 'manual' }]), 4, 2)).toEqual([0, 4]);
  });

  test('is that of the preview until the switch, and no larger than the environment', () => {
    const plan: Strategy = {
      kind: 'blueGreen',
      previewReplicas: 2,
      switch: 'manual',
      before: { smoke: [], load: null, e2e: false, judge: null },
      after: { judge: null },
      keep: 0,
      deadline: 1,
      onDeadline: 'abort',
    };
    expect(sizes(plan, 5, 3)).toEqual([2, 2, 5]);
    expect(sizes(plan, 1, 3)).toEqual([1, 1, 1]);
  });
});

test('rolling plans and dynamic canaries make the stable release smaller', () => {
  expect(isGradual({ plan: PLAN })).toBe(false);
  expect(isGradual({ plan: { ...PLAN, stableScale: 'dynamic' } })).toBe(true);
});
