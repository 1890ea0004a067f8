/** What leaving releases carry, and how long they stay. */

import { expect, test } from 'vitest';
import type { EnvironmentState, LeavingRelease, Shares } from './engine-state.ts';
import type { Observation } from './observation.ts';
import { SPEC } from './rehearsal/sample-spec.ts';
import { emptyState } from './turn.ts';
import { carriedShares, leavingReplicas, stillLeaving } from './withdrawing.ts';

/** Of four replicas of #1 fewer may be there; the others have left. */
function leaving(...releases: readonly LeavingRelease[]): EnvironmentState {
  return { ...emptyState('herald/local', { ...SPEC, replicas: 4 }), stable: 1, leaving: releases };
}

/** Release → how many are ready. */
function seen(ready: Readonly<Record<number, number>>, traffic: Shares): Observation {
  const releases = Object.entries(ready).map(([name, count]) => {
    return [name, { desired: count, ready: count, restarts: 0, failure: null, inFlight: 0 }] as const;
  });
  return { releases: Object.fromEntries(releases), traffic, counters: null, gates: {} };
}

const CARRIES: LeavingRelease = { release: 2, until: 0, carries: true };

test('an aborted candidate carries what the stable release can not: 1 − its ready replicas / all', () => {
  const carried = (stable: number): Shares =>
    carriedShares(leaving(CARRIES), seen({ 1: stable, 2: 3 }, { 1: 0.25, 2: 0.75 }), 1);
  expect([1, 2, 3, 4].map(carried)).toEqual([{ 2: 0.75 }, { 2: 0.5 }, { 2: 0.25 }, {}]);
});

test('it never carries more than it did, nor than its ready replicas can', () => {
  const state = leaving(CARRIES);
  expect(carriedShares(state, seen({ 1: 1, 2: 3 }, { 1: 0.9, 2: 0.1 }), 1)).toEqual({ 2: 0.1 });
  expect(carriedShares(state, seen({ 1: 1, 2: 1 }, { 1: 0.25, 2: 0.75 }), 1)).toEqual({ 2: 0.25 });
  expect(carriedShares(state, seen({ 1: 1, 2: 3 }, { 1: 1 }), 1)).toEqual({});
});

test('where the plan keeps the stable release whole it carries nothing, whatever has become of that', () => {
  const state = leaving({ ...CARRIES, carries: false });
  expect(carriedShares(state, seen({ 1: 1, 2: 3 }, { 1: 0.25, 2: 0.75 }), 1)).toEqual({});
});

test('of several the newest carries first, and a candidate under way leaves them less', () => {
  const state = leaving(CARRIES, { release: 3, until: 0, carries: true });
  const observation = seen({ 1: 1, 2: 2, 3: 1 }, { 1: 0.25, 2: 0.5, 3: 0.25 });
  expect(carriedShares(state, observation, 1)).toEqual({ 2: 0.5, 3: 0.25 });
  expect(carriedShares(state, observation, 0.75)).toEqual({ 2: 0.25, 3: 0.25 });
});

test('it stays as large as it is while it carries or for its time, and no larger than the environment is made', () => {
  const sizes = (release: LeavingRelease, carried: Shares, now: number) =>
    leavingReplicas(leaving(release), { observation: seen({ 1: 4, 2: 6 }, { 1: 1 }), carried, now });
  expect(sizes(CARRIES, { 2: 0.1 }, 5)).toEqual({ 2: 6 });
  expect(sizes(CARRIES, {}, 5)).toEqual({});
  expect(sizes({ ...CARRIES, until: 6 }, {}, 5)).toEqual({ 2: 4 });
});

test('what runs nothing any more, or serves again, has left', () => {
  const state = leaving(CARRIES);
  expect(stillLeaving(state, seen({ 1: 4, 2: 1 }, { 1: 1 }))).toBe(state.leaving);
  expect(stillLeaving(state, seen({ 1: 4 }, { 1: 1 }))).toEqual([]);
  expect(stillLeaving({ ...state, stable: 2 }, seen({ 1: 4, 2: 1 }, { 1: 1 }))).toEqual([]);
});
