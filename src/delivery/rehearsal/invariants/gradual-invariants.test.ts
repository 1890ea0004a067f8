/** I2, I3 and I4 in plans that take replicas away from the stable release: each is shown what breaks it, for ever. */

import { describe, expect, test } from 'vitest';
import type { Effect, RouteEffect } from '../../effect.ts';
import type { EnvironmentState, Rollout } from '../../engine-state.ts';
import type { RollingPlan, Strategy } from '../../environment-spec.ts';
import { judge } from '../../judge/index.ts';
import type { Observation, ReleaseStatus } from '../../observation.ts';
import type { Release } from '../../release.ts';
import { snapshotOf } from '../../snapshot.ts';
import { startRollout } from '../../starting.ts';
import { emptyState } from '../../turn.ts';
import { SPEC, PLAN } from '../sample-spec.ts';
import { createInvariantChecker, type Instant } from './index.ts';

/** Of five replicas four must be ready, and seven may run. */
const ROLLING: RollingPlan = {
  kind: 'rolling',
  maxSurge: { count: 2 },
  maxUnavailable: { count: 1 },
  deadline: 60_000,
  onDeadline: 'abort',
};

function release(number: number): Release {
  const content = { service: 'rehearsal', environment: 'simulated', config: {}, secrets: {}, grants: [] };
  return { number, digest: `sha256:${number}`, content: { ...content, image: `sha256:${number}` }, revision: null };
}

function status(ready: number): ReleaseStatus {
  return { desired: ready, ready, restarts: 0, failure: null, inFlight: 0 };
}

/** So many replicas of #1 and #2, and how requests are split between them. */
function seenWith(ready: readonly [number, number], traffic: Observation['traffic']): Observation {
  return { releases: { 1: status(ready[0]), 2: status(ready[1]) }, traffic, counters: [], gates: {} };
}

/** #1 serves with five replicas and #2 is rolled out, as the engine itself begins it. */
function underWay(strategy: Strategy): { state: EnvironmentState; rollout: Rollout; started: Instant['entries'] } {
  const releases = { 1: release(1), 2: release(2) };
  const spec = { ...SPEC, strategy };
  const serving = { ...emptyState('rehearsal/simulated', spec), releases, stable: 1, lastRelease: 2 };
  const turn = startRollout(
    { state: serving, entries: [], now: 0 },
    { kind: 'deploy', candidate: 2, because: 'planted' },
  );
  const state = { ...turn.state, told: snapshotOf(turn.state, seenWith([5, 1], { 1: 1 }), 0) };
  if (state.rollout === null) throw new Error('nothing was started');
  return { state, rollout: state.rollout, started: turn.entries };
}

/** The entry of an abort, and the state after it. */
function aborted({ state, rollout }: { state: EnvironmentState; rollout: Rollout }): {
  state: EnvironmentState;
  entries: Instant['entries'];
} {
  const { id, number, candidate, stable } = rollout;
  const reading: unknown = judge(rollout.evidence, rollout.judge);
  const data = { rollout: id, number, outcome: 'aborted', because: 'planted', candidate, stable, at: 0, duration: 0 };
  return {
    state: {
      ...state,
      rollout: { ...rollout, outcome: 'aborted', phase: 'aborted' },
      leaving: [{ release: candidate, until: 0, carries: true }],
    },
    entries: [{ kind: 'rollout.ended', data: { ...data, reading: JSON.parse(JSON.stringify(reading)) } }],
  };
}

function route(shares: Readonly<Record<number, number>>): RouteEffect {
  return { kind: 'route', shares, rollout: null, affinity: { kind: 'none' }, match: null, mirror: null };
}

function scale(number: number, replicas: number): Effect {
  return { kind: 'scale', release: number, replicas };
}

function broken(instants: readonly Partial<Instant>[]): readonly string[] {
  const checker = createInvariantChecker({ serving: 1, delay: 0, patience: 5000 });
  const quiet = { at: 0, observation: seenWith([5, 0], { 1: 1 }), effects: [], entries: [] };
  for (const one of instants) checker.observe({ ...quiet, state: underWay(PLAN).state, ...one });
  return checker.violations().map(({ invariant, message }) => `${invariant}: ${message}`);
}

describe('with stableScale: dynamic', () => {
  const rollout = underWay({ ...PLAN, stableScale: 'dynamic' });
  const { state, started } = rollout;
  const few = seenWith([2, 3], { 1: 0.5, 2: 0.5 });
  const before = { state, entries: started, observation: seenWith([2, 3], { 1: 0.4, 2: 0.6 }) };
  const gone = aborted(rollout);

  test('I3: a stable release that is smaller than its share', () => {
    expect(broken([{ ...before, observation: few }])).toEqual(['I3: #1 should have 3 replicas and has 2']);
    expect(broken([before])).toEqual([]);
  });

  test('I4: an aborted candidate that gets more than before, or anything once the stable release is whole', () => {
    const given = (share: number, seen = few): readonly string[] => {
      const effects = [{ effect: route({ 1: 1 - share, 2: share }), seen }];
      const later = { at: 2000, state: gone.state, observation: few, effects };
      return broken([before, { at: 1000, ...gone, observation: few }, later]);
    };
    expect(given(0.5)).toEqual([]);
    expect(given(0.6)).toContain('I4: #2 was given traffic after its rollout had ended');
    expect(given(0.5, seenWith([5, 3], few.traffic))).toContain('I4: #2 was given traffic after its rollout had ended');
  });

  test('I4: an aborted candidate that keeps what it carries although the stable release is whole', () => {
    const whole = seenWith([5, 3], few.traffic);
    const until = [
      before,
      { at: 1000, ...gone, observation: few },
      { at: 20_000, state: gone.state, observation: few },
    ];
    expect(broken([...until, { at: 25_000, state: gone.state, observation: whole }])).toEqual([]);
    expect(broken([...until, { at: 25_001, state: gone.state, observation: whole }])).toEqual([
      'I4: #2 still gets 50%, 5.001 s after its rollout had ended',
    ]);
  });
});

describe('in a rolling plan', () => {
  const { state, started: entries } = underWay(ROLLING);
  const after = (seen: Observation, ...effects: readonly Effect[]): readonly string[] =>
    broken([{ state, entries, observation: seen, effects: effects.map((effect) => ({ effect, seen })) }]);

  test('I2: a weight beyond what the replicas of the floor would carry', () => {
    const seen = seenWith([4, 2], { 1: 1 });
    expect(after(seen, route({ 1: 0.5, 2: 0.5 }))).toEqual([]);
    expect(after(seen, route({ 1: 0.4, 2: 0.6 }))).toEqual(['I2: #2 was given 60% with 2 of 3 replicas ready']);
  });

  test('I3: a replica taken away that the floor needs', () => {
    const seen = seenWith([4, 1], { 1: 0.8, 2: 0.2 });
    expect(after(seen, scale(1, 3))).toEqual([]);
    expect(after(seen, scale(1, 2))).toEqual(['I3: #1 went to 2 replicas, which leaves 3 ready of at least 4']);
  });

  test('I3: two releases that only together lose more than the floor allows', () => {
    const seen = seenWith([4, 2], { 1: 0.6, 2: 0.4 });
    expect(after(seen, scale(1, 3), scale(2, 1))).toEqual([]);
    expect(after(seen, scale(1, 2), scale(2, 1))).toEqual([
      'I3: #2 went to 1 replicas, which leaves 3 ready of at least 4',
    ]);
  });

  test('I3: a replica asked for beyond the ceiling', () => {
    const seen = seenWith([5, 1], { 1: 1 });
    expect(after(seen, scale(2, 2))).toEqual([]);
    expect(after(seen, scale(2, 3))).toEqual(['I3: #2 went to 3 replicas: 8 in all, and 7 may be']);
  });
});
