/** What a canary wants of the world, by what is ready. */

import { expect, test } from 'vitest';
import type { EnvironmentState, Shares } from './engine-state.ts';
import type { CanaryPlan } from './environment-spec.ts';
import type { Observation } from './observation.ts';
import { PLAN, SPEC } from './rehearsal/sample-spec.ts';
import type { Release } from './release.ts';
import { startRollout } from './starting.ts';
import { emptyState } from './turn.ts';
import { wantedReplicas, wantedShares } from './wants.ts';

function release(number: number): Release {
  const content = { service: 'herald', environment: 'local', config: {}, secrets: {}, grants: [] };
  return { number, digest: `sha256:${number}`, content: { ...content, image: `sha256:${number}` }, revision: null };
}

/** #2 stands at 50 %, the first of its steps, in an environment of so many replicas. */
function atHalf(replicas: number, change: Partial<CanaryPlan> = {}): EnvironmentState {
  const strategy: CanaryPlan = { ...PLAN, steps: [{ kind: 'weight', weight: 0.5 }], ...change };
  const releases = { 1: release(1), 2: release(2) };
  const state = { ...emptyState('herald/local', { ...SPEC, replicas, strategy }), releases, stable: 1, lastRelease: 2 };
  return startRollout({ state, entries: [], now: 0 }, { kind: 'deploy', candidate: 2, because: 'a test' }).state;
}

/** Ready replicas of #1 and #2, and the share that #2 gets. */
function seen(stable: number, candidate: number, share: number): Observation {
  const status = (count: number) => ({ desired: count, ready: count, restarts: 0, failure: null, inFlight: 0 });
  const traffic: Shares = share === 0 ? { 1: 1 } : { 1: 1 - share, 2: share };
  return { releases: { 1: status(stable), 2: status(candidate) }, traffic, counters: null, gates: {} };
}

test('a weight that is in force is carried on when the environment is made larger', () => {
  const state = atHalf(8);
  if (state.rollout === null) throw new Error('nothing was started');
  const carried = { ...state, rollout: { ...state.rollout, carried: { weight: 0.5, replicas: 2 } } };
  expect(wantedShares(carried, seen(4, 2, 0.5))).toEqual({ 1: 0.5, 2: 0.5 });
  expect(wantedShares(carried, seen(4, 1, 0.5))).toEqual({ 1: 1 });
  // Lost in between: now it takes as many as the larger environment asks for.
  expect(wantedShares(carried, seen(4, 2, 0))).toEqual({ 1: 1 });
  expect(wantedShares(carried, seen(8, 4, 0))).toEqual({ 1: 0.5, 2: 0.5 });
});

test('a dynamic stable release has what is not the candidate’s, and at least one replica', () => {
  const sizes = (observation: Observation, change: Partial<CanaryPlan> = {}) =>
    wantedReplicas(atHalf(4, { stableScale: 'dynamic', ...change }), { observation, now: 0 });
  expect(sizes(seen(4, 1, 0))).toEqual({ 1: 4, 2: 2 });
  // As long as everything still goes to it, it needs all of them: also when the environment has just been made larger.
  expect(sizes(seen(4, 2, 0))).toEqual({ 1: 4, 2: 2 });
  expect(sizes(seen(4, 2, 0.5))).toEqual({ 1: 2, 2: 2 });
  expect(sizes(seen(4, 4, 1), { steps: [] })).toEqual({ 1: 1, 2: 4 });
  expect(wantedReplicas(atHalf(4), { observation: seen(4, 2, 0.5), now: 0 })).toEqual({ 1: 4, 2: 2 });
});
