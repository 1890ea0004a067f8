/** I5 and I8 are shown what they are there to find: gates, approvals and the guard passed over. */

import { describe, expect, test } from 'vitest';
import { rolloutApproved } from '../../approval-entries.ts';
import { rolloutGated, rolloutStarted } from '../../entries.ts';
import type { EnvironmentState, Outcome, Rollout } from '../../engine-state.ts';
import type { EnvironmentSpec } from '../../environment-spec.ts';
import { judge } from '../../judge/index.ts';
import type { Observation } from '../../observation.ts';
import type { Release } from '../../release.ts';
import { startRollout } from '../../starting.ts';
import { approvedRollout, emptyState } from '../../turn.ts';
import { PLAN, SPEC } from '../sample-spec.ts';
import type { AppliedEffect, Instant } from './instant.ts';
import { promotedOnlyWhenAllowed } from './promotion-invariant.ts';
import { abortReturnsToLastPromoted } from './rollout-invariants.ts';

function release(number: number): Release {
  const image = `sha256:${number}` as const;
  const content = { service: 's', environment: 'e', image, config: {}, secrets: {}, grants: [] };
  return { number, digest: `sha256:${number}${number}`, content, revision: null };
}

const RELEASES = { 1: release(1), 2: release(2), 3: release(3) };

function observed(traffic: Readonly<Record<number, number>>): Observation {
  const status = { desired: 5, ready: 5, restarts: 0, failure: null, inFlight: 0 };
  return { releases: { 1: status, 2: status, 3: status }, traffic, counters: [], gates: {} };
}

type Entries = Instant['entries'];

/** A rollout as the engine begins it, on an environment like this. */
function begin(change: Partial<EnvironmentSpec>, candidate = 2): { state: EnvironmentState; rollout: Rollout } {
  const serving = { ...emptyState('s/e', { ...SPEC, ...change }), releases: RELEASES, stable: 1, lastRelease: 3 };
  const turn = startRollout({ state: serving, entries: [], now: 0 }, { kind: 'deploy', candidate, because: 'planted' });
  if (turn.state.rollout === null) throw new Error('nothing was started');
  return { state: turn.state, rollout: turn.state.rollout };
}

function ending(rollout: Rollout, outcome: Outcome): Entries {
  const { id, number, candidate, stable } = rollout;
  const reading = JSON.parse(JSON.stringify(judge(rollout.evidence, rollout.judge)));
  const data = { rollout: id, number, outcome, because: 'planted', candidate, stable, at: 0, duration: 0, reading };
  return [{ kind: 'rollout.ended', data }];
}

function starting(rollout: Rollout): Entries {
  return [rolloutStarted(rollout, release(rollout.candidate))];
}

function approving(rollout: Rollout, by: string, { groups = [] as string[], digest = '' } = {}): Entries {
  const approvals = [...rollout.approvals, { by, groups, authenticated: false, at: 0 }];
  const own = release(rollout.candidate).digest;
  return [rolloutApproved({ ...rollout, approvals }, { digest: digest === '' ? own : `sha256:${digest}` })];
}

function gated(rollout: Rollout, gate: 'smoke' | 'e2e', result: 'passed' | 'failed'): Entries {
  return [rolloutGated({ rollout: rollout.id, run: `${rollout.id} ${gate} 1`, gate, result, summary: '', at: 0 })];
}

function routed(shares: Readonly<Record<number, number>>, before: Readonly<Record<number, number>>): AppliedEffect {
  const effect = { kind: 'route', shares, rollout: null, affinity: SPEC.affinity, match: null, mirror: null } as const;
  return { effect, seen: observed(before) };
}

/** What I8 says of these entries, one instant each, the last of which promotes. */
function promoted({ state, rollout }: ReturnType<typeof begin>, entries: readonly Entries[]): string | null {
  const invariant = promotedOnlyWhenAllowed();
  const common = { state, observation: observed({ 2: 1 }), effects: [] };
  const all = [starting(rollout), ...entries, ending(rollout, 'promoted')];
  const said = all.map((one, at) => invariant.check({ ...common, at, entries: one }));
  return said.find((complaint) => complaint !== null) ?? null;
}

describe('I8: a promotion', () => {
  const two = begin({ approval: { count: 2, by: [], expires: null } });

  test('with what was asked for is allowed', () => {
    expect(promoted(two, [approving(two.rollout, 'ana'), approving(two.rollout, 'ben')])).toBeNull();
    const gates = begin({ gates: { smoke: [], load: null, e2e: true } });
    expect(promoted(gates, [gated(gates.rollout, 'e2e', 'passed')])).toBeNull();
  });

  test.each([
    ['nobody approved', []],
    ['one approved twice', [approving(two.rollout, 'ana'), approving(two.rollout, 'ana')]],
    ['one approved another release', [approving(two.rollout, 'ana'), approving(two.rollout, 'ben', { digest: '33' })]],
  ])('that %s', (_, entries) => {
    expect(promoted(two, entries)).toMatch(/^s\/e\/1 was promoted with [12] of 2 approvals missing$/);
  });

  test('that somebody approved who may not', () => {
    const one = begin({ approval: { count: 1, by: ['leads'], expires: null } });
    expect(promoted(one, [approving(one.rollout, 'ana')])).toBe('s/e/1 was promoted with 1 of 1 approvals missing');
    expect(promoted(one, [approving(one.rollout, 'ana', { groups: ['leads'] })])).toBeNull();
  });

  test('that another rollout of the release was approved for', () => {
    const one = begin({ approval: { count: 1, by: [], expires: null } });
    const again = { ...one.rollout, id: 's/e/2', number: 2 };
    const others = [
      approving(one.rollout, 'ana'),
      ending(one.rollout, 'superseded'),
      starting(again),
      ending(again, 'promoted'),
    ];
    expect(promoted(one, others)).toBe('s/e/2 was promoted with 1 of 1 approvals missing');
    const retried = [approving(one.rollout, 'ana'), ending(one.rollout, 'aborted'), starting(again)];
    const invariant = promotedOnlyWhenAllowed();
    const all = [starting(one.rollout), ...retried, ending(again, 'promoted')];
    const said = all.map((entries, at) =>
      invariant.check({ at, entries, state: one.state, observation: observed({ 2: 1 }), effects: [] }),
    );
    expect(said).toEqual(all.map(() => null));
  });

  test('whose gate has failed, or was never run', () => {
    const gates = begin({ gates: { smoke: [], load: null, e2e: true } });
    const complaint = 's/e/1 was promoted although e2e had not passed';
    expect(promoted(gates, [])).toBe(complaint);
    expect(promoted(gates, [gated(gates.rollout, 'e2e', 'failed')])).toBe(complaint);
    expect(promoted(gates, [gated(gates.rollout, 'smoke', 'passed')])).toBe(complaint);
  });
});

describe('I8: requests of users', () => {
  const exposedIn = ({ state, rollout }: ReturnType<typeof begin>, more: Entries = []): string | null => {
    const invariant = promotedOnlyWhenAllowed();
    const effects = [routed({ 1: 0.9, 2: 0.1 }, { 1: 1 })];
    const entries = [...starting(rollout), ...more];
    return invariant.check({ at: 0, state, observation: observed({ 1: 1 }), effects, entries });
  };

  test('before somebody has approved', () => {
    const one = begin({ approval: { count: 1, by: [], expires: null } });
    expect(approvedRollout(one.state)).toBeNull();
    expect(exposedIn(one)).toBe('#2 was exposed before it was approved');
    expect(exposedIn(one, approving(one.rollout, 'ana'))).toBeNull();
  });

  test('before the gates where there is a preview for them', () => {
    const gates = { smoke: [], load: null, e2e: true };
    const { steps: _, match: __, ...plan } = PLAN;
    const before = { smoke: [], load: null, e2e: false, judge: null };
    const strategy = {
      ...plan,
      kind: 'blueGreen',
      previewReplicas: 1,
      switch: 'auto',
      before,
      after: { judge: null },
    } as const;
    const preview = begin({ gates, strategy });
    expect(exposedIn(preview)).toBe('#2 was exposed before e2e had passed');
    expect(exposedIn(preview, gated(preview.rollout, 'e2e', 'passed'))).toBeNull();
    // A canary has none: its gates come at full weight.
    expect(exposedIn(begin({ gates }))).toBeNull();
  });
});

describe('I5', () => {
  const guarded = begin({ guard: 60_000 });
  const after = { ...guarded.state, stable: 2, rollout: { ...guarded.rollout, outcome: 'promoted' as const } };

  /** What I5 says when these instants follow the promotion of #2. */
  const said = (instants: readonly Partial<Instant>[]): readonly (string | null)[] => {
    const invariant = abortReturnsToLastPromoted(1);
    const common = { state: after, observation: observed({ 2: 1 }), effects: [] };
    const begun = { ...common, at: 0, state: guarded.state, entries: starting(guarded.rollout) };
    const ended = { ...common, at: 1, entries: ending(guarded.rollout, 'promoted') };
    const rest = instants.map((one, index) => ({ ...common, at: index + 2, entries: [], ...one }));
    return [begun, ended, ...rest].map((one) => invariant.check(one)).slice(2);
  };
  const told = (result: 'passed' | 'failed'): Entries => {
    const data = { rollout: guarded.rollout.id, candidate: 2, result, because: 'planted', at: 0, reading: {} };
    return [{ kind: 'rollout.guarded', data }];
  };
  const back = (candidate: number): Entries => {
    const rollout = { ...guarded.rollout, id: 's/e/2', number: 2, kind: 'rollback' as const, candidate, stable: 2 };
    return starting(rollout);
  };

  test('lets the guard give the release before its small share, and no more', () => {
    const small = { effects: [routed({ 1: 0.05, 2: 0.95 }, { 2: 1 })] };
    const large = { effects: [routed({ 1: 0.5, 2: 0.5 }, { 2: 1 })] };
    expect(said([small, large])).toEqual([null, 'without a rollout #1 was exposed instead of #2']);
    expect(said([{ entries: told('passed') }, small])[1]).toBe('without a rollout #1 was exposed instead of #2');
  });

  test('finds a guard that returns to something else than the release before', () => {
    expect(said([{ entries: [...told('failed'), ...back(1)] }])).toEqual([null]);
    expect(said([{ entries: [...told('failed'), ...back(3)] }])).toEqual(['the guard returned to #3 instead of #1']);
    expect(said([{ entries: told('failed') }])).toEqual(['the guard returned to none instead of #1']);
  });

  test('lets an aborted candidate carry what a smaller stable release can not yet, and never more', () => {
    const at = (effects: readonly AppliedEffect[], stableScale: 'dynamic' | 'full' = 'dynamic'): string | null => {
      const { state, rollout } = begin({ strategy: { ...PLAN, stableScale } });
      const invariant = abortReturnsToLastPromoted(1);
      const common = { state, observation: observed({ 1: 1 }), effects: [] };
      invariant.check({ ...common, at: 0, entries: starting(rollout) });
      invariant.check({ ...common, at: 1, entries: ending(rollout, 'aborted') });
      return invariant.check({ ...common, at: 2, effects, entries: [] });
    };
    expect(at([routed({ 1: 0.5, 2: 0.5 }, { 1: 0.25, 2: 0.75 })])).toBeNull();
    expect(at([routed({ 1: 0.5, 2: 0.5 }, { 1: 0.75, 2: 0.25 })])).toBe(
      'without a rollout #2 was exposed instead of #1',
    );
    expect(at([routed({ 1: 0.5, 2: 0.5 }, { 1: 0.25, 2: 0.75 })], 'full')).toBe(
      'without a rollout #2 was exposed instead of #1',
    );
  });
});
