/** What a roll wants of what runs, look by look. */

import { expect, test } from 'vitest';
import type { EnvironmentState, Shares } from './engine-state.ts';
import type { RollingPlan } from './environment-spec.ts';
import type { Observation } from './observation.ts';
import { rehearseCrashes, type Rehearsal, runRehearsal } from './rehearsal/index.ts';
import { HEALTHY, REHEARSAL, SPEC } from './rehearsal/sample-spec.ts';
import type { Release } from './release.ts';
import { rollComplete } from './rolling.ts';
import { endRollout } from './ending.ts';
import { startRollout } from './starting.ts';
import { emptyState } from './turn.ts';
import { wantedReplicas, wantedShares } from './wants.ts';

const PLAN: RollingPlan = {
  kind: 'rolling',
  maxSurge: { count: 2 },
  maxUnavailable: { count: 0 },
  deadline: 60_000,
  onDeadline: 'abort',
};

function release(number: number): Release {
  const content = { service: 'herald', environment: 'local', config: {}, secrets: {}, grants: [] };
  return { number, digest: `sha256:${number}`, content: { ...content, image: `sha256:${number}` }, revision: null };
}

/** #2 is being rolled out from #1, of which so many replicas should serve. */
function underWay(replicas: number, plan: RollingPlan = PLAN): EnvironmentState {
  const spec = { ...SPEC, replicas, strategy: plan };
  const releases = { 1: release(1), 2: release(2), 3: release(3) };
  const state = { ...emptyState('herald/local', spec), releases, stable: 1, lastRelease: 3 };
  return startRollout({ state, entries: [], now: 0 }, { kind: 'deploy', candidate: 2, because: 'a test' }).state;
}

/** Release → ready and desired replicas. */
function seen(crew: Readonly<Record<number, readonly [number, number]>>, traffic: Shares): Observation {
  const releases = Object.entries(crew).map(([name, [ready, desired]]) => {
    return [name, { desired, ready, restarts: 0, failure: null, inFlight: 0 }] as const;
  });
  return { releases: Object.fromEntries(releases), traffic, counters: null, gates: {} };
}

const sizes = (state: EnvironmentState, observation: Observation): Readonly<Record<number, number>> =>
  wantedReplicas(state, { observation, now: 0 });

test('C06: what is added while nothing of the candidate is ready is its own, up to the ceiling: 2/4, 6/4, 2/4', () => {
  expect(sizes(underWay(4), seen({ 1: [4, 4] }, { 1: 1 }))).toEqual({ 1: 4, 2: 2 });
  expect(sizes(underWay(4), seen({ 1: [4, 4], 2: [0, 2] }, { 1: 1 }))).toEqual({ 1: 4, 2: 2 });
  expect(sizes(underWay(8), seen({ 1: [4, 4], 2: [0, 2] }, { 1: 1 }))).toEqual({ 1: 4, 2: 6 });
  expect(sizes(underWay(4), seen({ 1: [4, 4], 2: [0, 6] }, { 1: 1 }))).toEqual({ 1: 4, 2: 2 });
});

test('as many old replicas go as new ones are ready, and nothing is asked for before they are gone', () => {
  const observation = seen({ 1: [4, 4], 2: [2, 2] }, { 1: 1 });
  expect(sizes(underWay(4), observation)).toEqual({ 1: 2, 2: 2 });
  expect(wantedShares(underWay(4), observation)).toEqual({ 1: 0.5, 2: 0.5 });
  expect(sizes(underWay(4), seen({ 1: [2, 2], 2: [2, 2] }, { 1: 0.5, 2: 0.5 }))).toEqual({ 1: 2, 2: 4 });
});

test('old replicas that are not ready go first, but not those that the floor may need', () => {
  const plan: RollingPlan = { ...PLAN, maxSurge: { count: 1 }, maxUnavailable: { count: 1 } };
  // Three of five are ready and four must be: of the two others one may still help.
  expect(sizes(underWay(5, plan), seen({ 1: [3, 5] }, { 1: 1 }))[1]).toBe(4);
  expect(sizes(underWay(5, plan), seen({ 1: [3, 5], 2: [1, 1] }, { 1: 0.75, 2: 0.25 }))[1]).toBe(3);
});

test('the old replica that stays warm for a rollback makes room where there is none beside the full size', () => {
  const plan: RollingPlan = { ...PLAN, maxSurge: { count: 0 }, maxUnavailable: { count: 1 } };
  const last = { 1: [1, 1], 2: [3, 3] } as const;
  expect(sizes(underWay(4, plan), seen(last, { 1: 0.25, 2: 0.75 }))).toEqual({ 1: 0, 2: 3 });
  expect(sizes(underWay(4), seen({ 1: [1, 1], 2: [4, 4] }, { 2: 1 }))).toEqual({ 1: 1, 2: 4 });
});

test('below full size every replica carries the same', () => {
  const plan: RollingPlan = { ...PLAN, maxSurge: { count: 0 }, maxUnavailable: { count: 1 } };
  const shares = wantedShares(underWay(4, plan), seen({ 1: [2, 2], 2: [1, 2] }, { 1: 1 }));
  expect(shares[2]).toBeCloseTo(1 / 3);
  expect(shares[1]).toBeCloseTo(2 / 3);
});

test('after an abort the same bounds lead back, and the candidate never gets more than it has', () => {
  const state = endRollout({ state: underWay(4), entries: [], now: 0 }, 'aborted', 'a test').state;
  expect(sizes(state, seen({ 1: [2, 2], 2: [2, 4] }, { 1: 0.5, 2: 0.5 }))).toEqual({ 1: 2, 2: 2 });
  expect(sizes(state, seen({ 1: [2, 2], 2: [2, 2] }, { 1: 0.5, 2: 0.5 }))).toEqual({ 1: 4, 2: 2 });
  // One of the stable release is lost: an even split would give two thirds to the candidate.
  expect(wantedShares(state, seen({ 1: [1, 4], 2: [2, 2] }, { 1: 0.5, 2: 0.5 }))).toEqual({ 1: 0.5, 2: 0.5 });
  expect(wantedShares(state, seen({ 1: [4, 4], 2: [2, 2] }, { 1: 0.5, 2: 0.5 }))).toEqual({ 1: 1 });
});

test('a roll is complete when all replicas and all requests are the candidate, and the others are gone', () => {
  const state = underWay(4);
  expect(rollComplete(state, seen({ 1: [1, 1], 2: [4, 4] }, { 2: 1 }))).toBe(true);
  expect(rollComplete(state, seen({ 1: [2, 2], 2: [4, 4] }, { 2: 1 }))).toBe(false);
  expect(rollComplete(state, seen({ 1: [1, 1], 2: [3, 4] }, { 2: 1 }))).toBe(false);
  expect(rollComplete(state, seen({ 1: [1, 1], 2: [4, 4] }, { 1: 0.25, 2: 0.75 }))).toBe(false);
  expect(rollComplete(state, seen({ 1: [1, 1], 2: [4, 4], 3: [1, 1] }, { 2: 1 }))).toBe(false);
});

test('the same rolling rollout comes out the same wherever the engine is killed', async () => {
  const rolling: Rehearsal = {
    ...REHEARSAL,
    spec: { ...SPEC, replicas: 4, strategy: PLAN },
    releases: { v1: { ...HEALTHY, startsIn: 2000 }, v2: { ...HEALTHY, startsIn: 2000 } },
    until: 40_000,
  };
  const whole = await runRehearsal(rolling);
  expect(whole.rollouts.map(({ outcome }) => outcome)).toEqual(['promoted']);
  expect(whole.users).toMatchObject({ errors: 0, unserved: 0 });
  const { points, differences } = await rehearseCrashes(rolling);
  expect(points).toBeGreaterThan(8);
  expect(differences).toEqual([]);
});

test('what is superseded loses what is not ready before the stable release does, and both together no more than may go', () => {
  const plan: RollingPlan = { ...PLAN, maxSurge: { count: 1 }, maxUnavailable: { count: 1 } };
  const ended = endRollout({ state: underWay(5, plan), entries: [], now: 0 }, 'superseded', 'a test');
  const { state } = startRollout(ended, { kind: 'deploy', candidate: 3, because: 'a test' });
  // Four must be ready and three are: of the four that are not, one could still be the fourth.
  expect(sizes(state, seen({ 1: [3, 5], 2: [0, 2] }, { 1: 1 }))).toEqual({ 1: 4, 2: 0, 3: 0 });
});

test('what others still run above their size takes room below the ceiling', () => {
  const kept = [{ release: 3, fullUntil: 0, withdrawn: false }];
  const crew = { 1: [4, 4], 3: [3, 3] } as const;
  expect(sizes({ ...underWay(4), kept }, seen(crew, { 1: 1 }))).toEqual({ 1: 4, 2: 0, 3: 1 });
});

test('a kept release stays at full size for its time, also where it takes part in a roll', () => {
  const kept = [{ release: 3, fullUntil: 1, withdrawn: false }];
  const observation = seen({ 1: [4, 4], 3: [4, 4] }, { 1: 0.95, 3: 0.05 });
  expect(sizes({ ...underWay(4), kept }, observation)[3]).toBe(4);
  expect(sizes({ ...underWay(4), kept: [{ release: 3, fullUntil: 0, withdrawn: false }] }, observation)[3]).toBe(1);
});
