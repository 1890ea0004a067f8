/** Every invariant is shown a sequence that breaks it, for ever: a check that sees nothing is worth nothing. */

import { describe, expect, test } from 'vitest';
import { decide } from '../../decide.ts';
import type { RouteEffect } from '../../effect.ts';
import type { EnvironmentState, Outcome, Rollout } from '../../engine-state.ts';
import { judge } from '../../judge/index.ts';
import type { ReleaseStatus } from '../../observation.ts';
import type { Release } from '../../release.ts';
import { snapshotOf } from '../../snapshot.ts';
import { startRollout } from '../../starting.ts';
import { emptyState } from '../../turn.ts';
import { SPEC, PLAN } from '../sample-spec.ts';
import { createInvariantChecker, type Instant, type InvariantCheckerOptions } from './index.ts';

const KEY = 'rehearsal/simulated';

function release(number: number): Release {
  const content = {
    service: 'rehearsal',
    environment: 'simulated',
    image: `sha256:${number}`,
    config: {},
    secrets: {},
  };
  return {
    number,
    digest: `sha256:${number}`,
    content: { ...content, image: `sha256:${number}`, grants: [] },
    revision: null,
  };
}

/** #1 serves with five replicas, and #2 is known. */
const SERVING: EnvironmentState = {
  ...emptyState(KEY, SPEC),
  releases: { 1: release(1), 2: release(2), 3: release(3) },
  stable: 1,
  lastRelease: 3,
};

function status(ready: number, desired = ready): ReleaseStatus {
  return { desired, ready, restarts: 0, failure: null, inFlight: 0 };
}

/** A quiet instant at which #1 serves. */
function instant(at: number, change: Partial<Instant> = {}): Instant {
  const observation = { releases: { 1: status(5) }, traffic: { 1: 1 }, counters: [], gates: {} };
  return { at, state: SERVING, observation, effects: [], entries: [], ...change };
}

/** The rollout of `candidate` under way at 10 %, as the engine itself begins it. */
function rolling(
  candidate: number,
  number = 1,
): { state: EnvironmentState; rollout: Rollout; started: Instant['entries'] } {
  const before = { ...SERVING, lastRollout: number - 1 };
  const turn = startRollout({ state: before, entries: [], now: 0 }, { kind: 'deploy', candidate, because: 'planted' });
  const observation = {
    releases: { 1: status(5), [candidate]: status(1) },
    traffic: { 1: 1 },
    counters: [],
    gates: {},
  };
  const state = { ...turn.state, told: snapshotOf(turn.state, observation, 0) };
  if (state.rollout === null) throw new Error('nothing was started');
  return { state, rollout: state.rollout, started: turn.entries };
}

function ended(
  rollout: Rollout,
  outcome: Outcome,
  reading: unknown = judge(rollout.evidence, PLAN.judge),
): Instant['entries'] {
  const { id, number, candidate, stable } = rollout;
  const data = { rollout: id, number, outcome, because: 'planted', candidate, stable, at: 0, duration: 0 };
  return [{ kind: 'rollout.ended', data: { ...data, reading: JSON.parse(JSON.stringify(reading)) } }];
}

function endedState(state: EnvironmentState, outcome: Outcome, stable: number | null): EnvironmentState {
  return { ...state, stable, rollout: state.rollout === null ? null : { ...state.rollout, outcome } };
}

function route(shares: Readonly<Record<number, number>>): RouteEffect {
  return { kind: 'route', shares, rollout: null, affinity: { kind: 'none' }, match: null, mirror: null };
}

function broken(instants: readonly Instant[], options: Partial<InvariantCheckerOptions> = {}): readonly string[] {
  const checker = createInvariantChecker({ serving: 1, delay: 0, patience: 5000, ...options });
  for (const one of instants) checker.observe(one);
  return checker.violations().map(({ invariant, message }) => `${invariant}: ${message}`);
}

test('a quiet environment breaks nothing', () => {
  expect(broken([instant(0), instant(1000), instant(2000)])).toEqual([]);
});

describe('planted faults', () => {
  test('I1: shares in force that do not add up', () => {
    const observation = { releases: { 1: status(5) }, traffic: { 1: 0.9, 2: 0.05 }, counters: [], gates: {} };
    expect(broken([instant(0, { observation })])).toContain('I1: the split is #1 90%, #2 5%');
  });

  test('I1: a negative share that is commanded', () => {
    const effects = [{ effect: route({ 1: 1.1, 2: -0.1 }), seen: instant(0).observation }];
    expect(broken([instant(0, { effects })]).join()).toContain('I1: the split is #1 110');
  });

  test('I2: a weight beyond the capacity of the replicas that were seen ready', () => {
    const { state, started } = rolling(2);
    const seen = { releases: { 1: status(5), 2: status(1, 3) }, traffic: { 1: 1 }, counters: [], gates: {} };
    const effects = [{ effect: route({ 1: 0.5, 2: 0.5 }), seen }];
    expect(broken([instant(0), instant(1000, { state, entries: started, effects })])).toContain(
      'I2: #2 was given 50% with 1 of 3 replicas ready',
    );
  });

  test('I3: a stable release that shrinks while its candidate is under way', () => {
    const { state, started } = rolling(2);
    const observation = {
      releases: { 1: status(4), 2: status(1) },
      traffic: { 1: 0.9, 2: 0.1 },
      counters: [],
      gates: {},
    };
    expect(broken([instant(0, { state, entries: started, observation })])).toContain(
      'I3: #1 should have 5 replicas and has 4',
    );
  });

  test('I3: an old release that shrinks before its time after a promotion', () => {
    const { state, rollout, started } = rolling(2);
    const promoted = endedState(state, 'promoted', 2);
    const full = { releases: { 1: status(5), 2: status(5) }, traffic: { 2: 1 }, counters: [], gates: {} };
    const small = { ...full, releases: { 1: status(1), 2: status(5) } };
    const before = [
      instant(0, { state, entries: started, observation: { ...full, traffic: { 1: 1 } } }),
      instant(1000, { state: promoted, entries: ended(rollout, 'promoted'), observation: full }),
    ];
    const shrinksAt = (at: number): readonly string[] =>
      broken([...before, instant(at, { state: promoted, observation: small })]);
    expect(shrinksAt(1000 + PLAN.keep - 1)).toContain('I3: #1 should have 5 replicas and has 1');
    expect(shrinksAt(1000 + PLAN.keep)).toEqual([]);
  });

  describe('I4: an aborted candidate', () => {
    const { state, rollout, started } = rolling(2);
    const aborted = endedState(state, 'aborted', 1);
    const both = { releases: { 1: status(5), 2: status(1) }, traffic: { 1: 0.9, 2: 0.1 }, counters: [], gates: {} };
    const gone = { ...both, traffic: { 1: 1 } };
    const until = [
      instant(0, { state, entries: started, observation: both }),
      instant(1000, { state: aborted, entries: ended(rollout, 'aborted'), observation: both }),
    ];

    test('that still gets requests when patience is over', () => {
      expect(broken([...until, instant(6000, { state: aborted, observation: both })])).toEqual([]);
      expect(broken([...until, instant(6001, { state: aborted, observation: both })])).toEqual([
        'I4: #2 still gets 10%, 5.001 s after its rollout had ended',
      ]);
    });

    test('that gets requests again', () => {
      const again = [
        instant(2000, { state: aborted, observation: gone }),
        instant(3000, { state: aborted, observation: both }),
      ];
      expect(broken([...until, ...again])).toEqual(['I4: #2 gets 10% again after its rollout had ended']);
    });

    test('that is given traffic', () => {
      const effects = [{ effect: route({ 1: 0.9, 2: 0.1 }), seen: gone }];
      expect(broken([...until, instant(2000, { state: aborted, observation: gone, effects })])).toContain(
        'I4: #2 was given traffic after its rollout had ended',
      );
    });
  });

  test('I5: an abort that makes something else the stable release, or exposes it', () => {
    const { state, rollout, started } = rolling(2);
    const instants = [instant(0, { state, entries: started })];
    const entries = ended(rollout, 'aborted');
    const wrong = endedState(state, 'aborted', 3);
    expect(broken([...instants, instant(1000, { state: wrong, entries })])).toContain(
      'I5: the stable release is #3, the last promoted one #1',
    );
    const effects = [
      { effect: route({ 3: 1 }), seen: { releases: { 3: status(5) }, traffic: { 1: 1 }, counters: [], gates: {} } },
    ];
    expect(
      broken([...instants, instant(1000, { state: endedState(state, 'aborted', 1), entries, effects })]),
    ).toContain('I5: without a rollout #3 was exposed instead of #1');
  });

  test('I6: an engine that decides by something else than what it is given', () => {
    let calls = 0;
    const moody: typeof decide = (...given) => {
      calls += 1;
      return { ...decide(...given), effects: calls % 2 === 0 ? [] : [{ kind: 'scale', release: 1, replicas: calls }] };
    };
    expect(broken([instant(0)], { decide: moody })).toEqual([
      'I6: the engine decided differently from the same state and observation',
    ]);
  });

  test('I7: two rollouts at once', () => {
    const [one, other] = [rolling(2, 1), rolling(3, 2)];
    const entries = [...one.started, ...other.started];
    expect(broken([instant(0, { state: other.state, entries, observation: withBoth(3) })])).toContain(
      'I7: rehearsal/simulated/1 and rehearsal/simulated/2 are under way at once',
    );
  });

  describe('I8: a promotion', () => {
    const { state, rollout, started } = rolling(2);
    const promoted = endedState(state, 'promoted', 2);
    const all = { ...withBoth(2), traffic: { 2: 1 } };

    test('of what was aborted before', () => {
      const entries = [...started, ...ended(rollout, 'aborted'), ...ended(rollout, 'promoted')];
      expect(broken([instant(0, { state: promoted, entries, observation: all })])).toContain(
        'I8: rehearsal/simulated/1 has ended twice, the second time as promoted',
      );
    });

    test('of what is proven bad', () => {
      const reading = { ...judge(rollout.evidence, PLAN.judge), verdict: { kind: 'fail' }, sentence: 'it is bad' };
      const entries = [...started, ...ended(rollout, 'promoted', reading)];
      expect(broken([instant(0, { state: promoted, entries, observation: all })])).toContain(
        'I8: rehearsal/simulated/1 was promoted although it is bad',
      );
    });

    test('before it got all requests', () => {
      const entries = [...started, ...ended(rollout, 'promoted')];
      const half = { ...all, traffic: { 1: 0.5, 2: 0.5 } };
      expect(broken([instant(0, { state: promoted, entries, observation: half })])).toContain(
        'I8: rehearsal/simulated/1 was promoted before all requests went to #2',
      );
    });
  });

  describe('I9: a wait', () => {
    const { state, started } = rolling(2);
    const waiting = (wait: NonNullable<EnvironmentState['told']>['wait']): EnvironmentState => {
      if (state.told === null) throw new Error('nothing was told');
      return { ...state, told: { ...state.told, wait } };
    };
    const brokenBy = (wait: Parameters<typeof waiting>[0], at = 0): readonly string[] =>
      broken([instant(at, { state: waiting(wait), entries: started, observation: withBoth(2) })]);

    test('that is not told', () => {
      expect(brokenBy(null)).toEqual(['I9: rehearsal/simulated/1 is under way and says of no wait what it waits for']);
    });

    test('without a deadline and without a command', () => {
      expect(brokenBy({ for: 'better times', since: 0, until: null, command: null })).toEqual([
        'I9: "better times" has neither a deadline nor a command that ends it',
      ]);
    });

    test('whose deadline has passed', () => {
      const wait = { for: 'a replica', since: 0, until: 4000, command: null };
      expect(brokenBy(wait, 5000)).toEqual([]);
      expect(brokenBy(wait, 5001)).toEqual(['I9: "a replica" should have ended 1.001 s ago']);
    });
  });

  test('I10: an engine that comes back from a crash without its rollout', () => {
    const { state } = rolling(2);
    const checker = createInvariantChecker({ serving: 1, delay: 0, patience: 5000 });
    checker.crashed(1000, state, { ...state });
    expect(checker.violations()).toEqual([]);
    checker.crashed(2000, state, { ...state, rollout: null });
    expect(checker.violations()).toEqual([
      { invariant: 'I10', at: 2000, message: 'the engine came back from a crash with another rollout' },
    ]);
  });
});

function withBoth(candidate: number): Instant['observation'] {
  return { releases: { 1: status(5), [candidate]: status(5) }, traffic: { 1: 1 }, counters: [], gates: {} };
}
