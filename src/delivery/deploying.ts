/** Deploying a release: what it begins, and what it does to the rollout that is under way. */

import type { Digest } from '../kernel/digest.ts';
import { done, refused, type CommandResult } from './command-result.ts';
import { type DeliveryEntry, releaseCreated, rolloutQueued } from './entries.ts';
import type { EnvironmentState, Rollout } from './engine-state.ts';
import type { EnvironmentSpec, Strategy } from './environment-spec.ts';
import { judge } from './judge/index.ts';
import { type Release, type ReleaseContent, releaseDigest } from './release.ts';
import { back } from './rolling-back.ts';
import { endRollout } from './ending.ts';
import { startRollout } from './starting.ts';
import { activeRollout, personOf, type Turn } from './turn.ts';

export interface Deploy {
  readonly kind: 'deploy';
  readonly content: ReleaseContent;
  readonly revision: Release['revision'];
  /** Where the pods of a cluster run Wasm: what they pull of the image. */
  readonly artifact?: Digest;
  readonly spec: EnvironmentSpec;
}

export function deploy(turn: Turn, wish: Deploy): CommandResult {
  const { spec } = wish;
  const present: Turn = turn.state.removed ? { ...turn, state: anew(turn.state) } : turn;
  const { turn: known, release } = withRelease(present, wish);
  const active = activeRollout(known.state);
  if (active !== null && release !== active.candidate && release !== known.state.stable) {
    const policy = supersedeOf(active.plan);
    if (policy === 'reject') return underWay(active, release);
    if (policy === 'queue') return queue(known, active, { release, spec });
  }
  return rollOut(known, release, spec);
}

/** Begins what was waiting for the end of a rollout, once it has ended. */
export function startQueued(turn: Turn): Turn {
  const { queued, removed } = turn.state;
  if (queued === null || activeRollout(turn.state) !== null) return turn;
  const free: Turn = { ...turn, state: { ...turn.state, queued: null } };
  if (removed) return free;
  const result = rollOut(free, queued.release, queued.spec);
  return result.kind === 'done' ? result.turn : free;
}

export function retry(turn: Turn): CommandResult {
  const { rollout } = turn.state;
  if (rollout?.outcome !== 'aborted') {
    return refused('delivery/nothing-under-way', 'The last rollout was not aborted.', 'There is nothing to retry.');
  }
  const { candidate, evidence, approvals, kind, judge: settings } = rollout;
  const because = `${personOf(turn)} retried it`;
  if (kind === 'rollback') return done(startRollout(turn, { kind, candidate, because }), `retries #${candidate}`);
  const { verdict, sentence } = judge(evidence, settings);
  if (verdict.kind === 'fail' && !settings.dry) {
    return refused(
      'delivery/proven-bad',
      `#${candidate} is proven bad, and a retry goes on with the same evidence: ${sentence}.`,
      'Deploy a changed release; another value in its configuration makes it one.',
    );
  }
  return done(startRollout(turn, { kind, candidate, evidence, approvals, because }), `retries #${candidate}`);
}

/** The newest wish: it counts, and what waited before it does not any more. */
function rollOut(turn: Turn, release: number, spec: EnvironmentSpec): CommandResult {
  const known: Turn = { ...turn, state: { ...turn.state, spec, queued: null } };
  const active = activeRollout(known.state);
  const { stable, rollout } = known.state;
  if (active?.candidate === release) return done(known, `#${release} is being rolled out already`);
  if (release === stable) {
    if (active === null) return done(known, `#${release} is deployed here already`);
    return back(known, active, `#${release}, the stable release, was deployed again`);
  }
  if (active === null && rollout?.outcome === 'aborted' && rollout.kind === 'deploy' && rollout.candidate === release) {
    return refused(
      'delivery/aborted-before',
      `#${release} was aborted: ${rollout.because}`,
      `Deploy a changed one, or run "slipway retry" when the cause lay outside of it.`,
    );
  }
  const free = active === null ? known : endRollout(known, 'superseded', `#${release} was deployed`);
  if (isWithinWindow(known.state, release)) {
    const because = `#${release} was deployed again, within the rollback window`;
    return done(startRollout(free, { kind: 'rollback', candidate: release, because }), `rolling back to #${release}`);
  }
  const because = stable === null ? `#${release} is the first release here` : `#${release} was deployed`;
  return done(startRollout(free, { kind: 'deploy', candidate: release, because }), `rolling out #${release}`);
}

/** A removed environment that is deployed to: how its last rollout ended says nothing about it any more. */
function anew(state: EnvironmentState): EnvironmentState {
  return { ...state, removed: false, gone: false, rollout: null };
}

/** Decided by the plan of the rollout under way: it goes on as it began. */
function supersedeOf(plan: Strategy): 'restart' | 'queue' | 'reject' {
  return plan.kind === 'canary' ? plan.supersede : 'restart';
}

function underWay({ candidate, because }: Rollout, release: number): CommandResult {
  return refused(
    'delivery/rollout-under-way',
    `#${candidate} is being rolled out, and its plan lets no other release come between: ${because}.`,
    `Deploy #${release} when it has ended, or end it with "slipway abort".`,
  );
}

function queue(
  turn: Turn,
  active: Rollout,
  queued: { readonly release: number; readonly spec: EnvironmentSpec },
): CommandResult {
  const { release } = queued;
  const entry = rolloutQueued({ rollout: active.id, release, at: turn.now });
  return done(
    { ...turn, state: { ...turn.state, queued }, entries: [...turn.entries, entry] },
    `#${release} waits until #${active.candidate} has ended`,
  );
}

/** A kept release with fewer promotions between it and stable than the window has was proven here not long ago. */
function isWithinWindow({ kept, spec }: EnvironmentState, release: number): boolean {
  const window = spec.strategy.kind === 'canary' ? spec.strategy.rollbackWindow : 0;
  const index = kept.findIndex((one) => one.release === release && !one.withdrawn);
  return index !== -1 && kept.length - 1 - index < window;
}

/** The number of the release with this content: the one that it has, or the next one. */
function withRelease(
  turn: Turn,
  { content, revision, artifact }: Omit<Deploy, 'kind' | 'spec'>,
): { readonly turn: Turn; readonly release: number } {
  const digest = releaseDigest(content);
  const { state } = turn;
  const pulled = artifact === undefined ? {} : { artifact };
  const known = Object.values(state.releases).find((release) => release.digest === digest);
  if (known !== undefined) {
    const releases = { ...state.releases, [known.number]: { ...known, ...pulled } };
    return { turn: { ...turn, state: { ...state, releases } }, release: known.number };
  }
  const release: Release = { number: state.lastRelease + 1, digest, content, revision, ...pulled };
  const releases = { ...state.releases, [release.number]: release };
  const entries: readonly DeliveryEntry[] = [...turn.entries, releaseCreated(release)];
  return {
    turn: { ...turn, state: { ...state, releases, lastRelease: release.number }, entries },
    release: release.number,
  };
}
