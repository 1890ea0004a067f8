/** When a route is commanded: its shares, what is matched and what is mirrored. */

import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import type { Effect } from './effect.ts';
import type { EnvironmentState } from './engine-state.ts';
import type { CanaryPlan } from './environment-spec.ts';
import type { Observation } from './observation.ts';
import { PLAN, SPEC } from './rehearsal/sample-spec.ts';
import type { Release } from './release.ts';
import { endRollout } from './ending.ts';
import { startRollout } from './starting.ts';
import { emptyState } from './turn.ts';

const MATCH = { headers: { canary: 'true' } };

function release(number: number): Release {
  const content = { service: 'herald', environment: 'local', config: {}, secrets: {}, grants: [] };
  return { number, digest: `sha256:${number}`, content: { ...content, image: `sha256:${number}` }, revision: null };
}

/** #2 is being rolled out from #1, which serves. */
function underWay(change: Partial<CanaryPlan>): EnvironmentState {
  const spec = { ...SPEC, replicas: 4, strategy: { ...PLAN, ...change } };
  const releases = { 1: release(1), 2: release(2) };
  const commanded = { shares: { 1: 1 }, at: 0 };
  const state = { ...emptyState('herald/local', spec), releases, stable: 1, lastRelease: 2, commanded };
  return startRollout({ state, entries: [], now: 0 }, { kind: 'deploy', candidate: 2, because: 'a test' }).state;
}

/** So many ready replicas of #2 beside four of #1, which gets all requests. */
function seen(ready: number): Observation {
  const status = (count: number) => ({ desired: count, ready: count, restarts: 0, failure: null, inFlight: 0 });
  const others = ready === 0 ? {} : { 2: status(ready) };
  return { releases: { 1: status(4), ...others }, traffic: { 1: 1 }, counters: [], gates: {} };
}

const briefly = (effects: readonly Effect[]): readonly string[] =>
  effects.map((effect) => {
    if (effect.kind === 'scale') return `#${effect.release} × ${effect.replicas}`;
    if (effect.kind === 'gates') return 'gates';
    const mirrored = effect.mirror === null ? '' : `, mirror ${effect.mirror.share} to #${effect.mirror.release}`;
    return `route${effect.match === null ? '' : `, match to #${effect.match.release}`}${mirrored}`;
  });

test('requests are matched as soon as a candidate replica is ready, and once', () => {
  const state = underWay({ match: MATCH, steps: [{ kind: 'pause', duration: 'manual' }] });
  const first = decide(state, seen(0), 0);
  expect(briefly(first.effects)).toEqual(['#2 × 1']);
  const ready = decide(first.state, seen(1), 1000);
  expect(briefly(ready.effects)).toEqual(['route, match to #2']);
  expect(briefly(decide(ready.state, seen(1), 2000).effects)).toEqual([]);
});

test('a candidate that is matched is stopped only when the match is gone', () => {
  const state = underWay({ match: MATCH, steps: [{ kind: 'pause', duration: 'manual' }] });
  const matched = decide(state, seen(1), 0).state;
  const aborted = endRollout({ state: matched, entries: [], now: 1000 }, 'aborted', 'a test').state;
  const back = decide(aborted, seen(1), 1000);
  expect(briefly(back.effects)).toEqual(['route']);
  expect(briefly(decide(back.state, seen(1), 1000).effects)).toEqual(['#2 × 0']);
});

test('copies are sent when there are replicas for them, and not any more with the next weight', () => {
  const steps: CanaryPlan['steps'] = [
    { kind: 'mirror', share: 0.5 },
    { kind: 'pause', duration: 10_000 },
    { kind: 'weight', weight: 0.5 },
  ];
  const first = decide(underWay({ steps }), seen(0), 0);
  expect(briefly(first.effects)).toEqual(['#2 × 2']);
  const one = decide(first.state, { ...seen(1), releases: { ...seen(0).releases, ...halfReady() } }, 1000);
  expect(briefly(one.effects)).toEqual([]);
  const both = decide(one.state, seen(2), 2000);
  expect(briefly(both.effects)).toEqual(['route, mirror 0.5 to #2']);
  expect(briefly(decide(both.state, seen(2), 5000).effects)).toEqual([]);
  expect(briefly(decide(both.state, seen(2), 13_000).effects)).toEqual(['route']);
});

/** Of two replicas of #2 one is ready. */
function halfReady(): Observation['releases'] {
  return { 2: { desired: 2, ready: 1, restarts: 0, failure: null, inFlight: 0 } };
}

test('nobody is matched before the release is approved, however many of its replicas are warm', () => {
  const approval = { count: 1, by: [], expires: null };
  const asking = underWay({ match: MATCH, steps: [{ kind: 'weight', weight: 0.25 }] });
  if (asking.rollout === null) throw new Error('nothing was started');
  const state: EnvironmentState = {
    ...asking,
    kept: [{ release: 2, fullUntil: 0, withdrawn: false }],
    rollout: { ...asking.rollout, approval, phase: 'paused', reason: 'approval' },
  };
  expect(briefly(decide(state, seen(1), 0).effects)).toEqual([]);
});
