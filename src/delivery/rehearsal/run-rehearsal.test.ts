import { describe, expect, test } from 'vitest';
import { createController } from '../controller.ts';
import type { Platform } from '../platform.ts';
import type { RolloutStore } from '../rollout-store.ts';
import { startEvidence } from '../judge/index.ts';
import { rehearseCrashes, rehearseSeeds, runRehearsal } from './index.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { CreateEngine } from './rehearsed-engine.ts';
import { HEALTHY, PLAN, REHEARSAL } from './sample-spec.ts';

const BAD: Rehearsal = { ...REHEARSAL, releases: { v1: HEALTHY, v2: { ...HEALTHY, errors: 0.2 } } };

describe('a rehearsal', () => {
  test('tells a row for every change, the decisions, and what users saw', async () => {
    const result = await runRehearsal(REHEARSAL);
    expect(result.ok).toBe(true);
    expect(result.timeline.map(({ at, phase, traffic }) => [at, phase, traffic])).toEqual([
      [0, 'healthy', { v1: 1 }],
      [10_000, 'paused', { v1: 0.9, v2: 0.1 }],
      [70_000, 'healthy', { v2: 1 }],
    ]);
    expect(result.decisions.map(({ at, decision }) => [at, decision])).toEqual([
      [10_000, 'started'],
      [10_000, '10%'],
      [10_000, 'paused: step'],
      [70_000, '100%'],
      [70_000, 'promoted'],
    ]);
    expect(result.decisions.at(-1)?.evidence?.verdict).toBe('pass');
    expect(result.rollouts).toMatchObject([
      { candidate: 'v2', outcome: 'promoted', startedAt: 10_000, endedAt: 70_000 },
    ]);
    expect(result.users).toMatchObject({ requests: 12_000, errors: 0, unserved: 0 });
    expect(result.users.byRelease['v2']?.requests).toBe(600 + 5000);
  });

  test('explains each expectation that does not hold', async () => {
    const result = await runRehearsal({
      ...REHEARSAL,
      expect: [
        {
          at: 20_000,
          phase: 'aborted',
          stable: 'v2',
          step: { from: 0, to: 0 },
          traffic: { v2: { from: 0.2, to: 0.3 } },
          ready: { v1: { from: 5, to: 5 }, v2: { from: 2, to: 2 } },
        },
        { at: Infinity, outcome: 'aborted' },
      ],
    });
    expect(result.ok).toBe(false);
    expect(result.failures.map(({ at, message }) => `${at / 1000} ${message.replace(/ \(.*/, '')}`)).toEqual([
      '20 phase is paused, expected aborted',
      '20 stable is v1, expected v2',
      '20 step is 1, expected 0',
      '20 v2 gets 10%, expected 20% to 30%',
      '20 v2 has 1 ready, expected 2',
      '120 outcome is promoted, expected aborted',
    ]);
  });

  test('explains what is expected of the wait, of refusals and of users', async () => {
    const one = { from: 1, to: 1 };
    const { failures } = await runRehearsal({
      ...REHEARSAL,
      events: [...REHEARSAL.events, { at: 1000, action: { kind: 'rollback', to: null } }],
      expect: [
        { at: 500, refused: 'delivery/no-such-release', command: 'slipway promote' },
        { at: 11_000, refused: 'delivery/no-such-release', command: 'slipway promote', unserved: { from: 0, to: 0 } },
        { at: 12_000, queued: 'v2', match: 'v2', approvals: one, mirror: one, command: 'slipway abort', unserved: one },
        { at: Infinity, errors: { from: 1000, to: 2000 } },
      ],
    });
    expect(failures.map(({ at, message }) => `${at / 1000} ${message.replace(/ \(.*/, '')}`)).toEqual([
      '0.5 the last refusal is none, expected delivery/no-such-release',
      '0.5 the command is none, expected slipway promote',
      '12 queued is none, expected v2',
      '12 match is none, expected v2',
      '12 the command is slipway promote, expected slipway abort',
      '12 mirror is 0%, expected 100%',
      '12 approvals is 0, expected 1',
      '12 unserved is 0, expected 1',
      '120 errors is 0, expected 1000 to 2000',
    ]);
  });

  test('writes down what the engine refused', async () => {
    const events: Rehearsal['events'] = [{ at: 1000, action: { kind: 'rollback', to: null } }];
    const { decisions } = await runRehearsal({ ...REHEARSAL, events });
    expect(decisions).toMatchObject([{ at: 1000, decision: 'refused' }]);
  });

  test('fails when its engine breaks an invariant, and names it', async () => {
    // An engine whose platform is told to route to the candidate before it is ready.
    const hasty: CreateEngine = (options) => createController({ ...options, platform: hurried(options.platform) });
    const late = { ...REHEARSAL, releases: { v1: HEALTHY, v2: { ...HEALTHY, startsIn: 5000 } } };
    expect((await runRehearsal(late)).ok).toBe(true);
    const { failures } = await runRehearsal(late, { createEngine: hasty });
    expect(failures[0]?.message).toBe('I2: #2 was given 10% with 0 of 1 replicas ready');
  });
});

/** Passes each scale on together with the route that should have waited for it. */
function hurried(platform: Platform): Platform {
  return {
    ...platform,
    async apply(context, effect, signal) {
      await platform.apply(context, effect, signal);
      if (effect.kind !== 'scale' || effect.release !== 2) return;
      const route = {
        kind: 'route',
        rollout: null,
        affinity: context.spec.affinity,
        match: null,
        mirror: null,
      } as const;
      await platform.apply(context, { ...route, shares: { 1: 0.9, 2: 0.1 } }, signal);
    },
  };
}

describe('crashes after every intent and every outcome', () => {
  test('of a promoted rollout lead to the same end by the same way', async () => {
    const { points, differences } = await rehearseCrashes(REHEARSAL);
    expect(points).toBe(8);
    expect(differences).toEqual([]);
  });

  test('of an aborted rollout lead to the same end by the same way, with the same evidence to the bit', async () => {
    const { points, differences } = await rehearseCrashes(BAD);
    expect(points).toBe(8);
    expect(differences).toEqual([]);
  });

  test('are seen when the engine forgets what the judge knew', async () => {
    const forgetful: CreateEngine = (options) => createController({ ...options, store: forgetting(options.store) });
    const { differences } = await rehearseCrashes(BAD, { createEngine: forgetful });
    expect(differences.some(({ message }) => message.includes('I10: the engine came back from a crash'))).toBe(true);
    expect(differences.some(({ message }) => message.startsWith('rollout differs'))).toBe(true);
  });
});

/** A store that gives the state back without the evidence. */
function forgetting(store: RolloutStore): RolloutStore {
  return {
    ...store,
    async load(key) {
      const loaded = await store.load(key);
      const rollout = loaded?.record.state.rollout ?? null;
      if (loaded === null || rollout === null) return loaded;
      const state = { ...loaded.record.state, rollout: { ...rollout, evidence: startEvidence(PLAN.judge, true) } };
      return { ...loaded, record: { ...loaded.record, state } };
    },
  };
}

describe('many seeds', () => {
  test('count outcomes, decision times and errors', async () => {
    const result = await rehearseSeeds(BAD, 20, { stopWhenDecided: true });
    expect(result.outcomes).toMatchObject({ aborted: 20, promoted: 0, undecided: 0 });
    expect(result.decision?.median).toBeLessThanOrEqual(result.decision?.p90 ?? 0);
    expect(result.decision?.most).toBeLessThan(30_000);
    expect(result.candidateErrors.mean).toBeGreaterThanOrEqual(3);
    expect(result.errors).toEqual(result.candidateErrors);
    expect(result.failures).toEqual([]);
  });

  test('name the seeds in which an expectation fails', async () => {
    const wrong: Rehearsal = { ...BAD, expect: [{ at: Infinity, outcome: 'promoted' }] };
    const { failures } = await rehearseSeeds(wrong, 2);
    expect(failures.map(({ seed }) => seed)).toEqual([1, 2]);
  });
});
