/** What people ask of an environment: each verb turns a state into the next one, or is refused with a reason. Pure. */

import { type DeliveryEntry, environmentRemoved, releaseCreated } from './entries.ts';
import type { EnvironmentSpec } from './environment-spec.ts';
import type { EnvironmentState, KeptRelease, Rollout } from './engine-state.ts';
import { judge } from './judge/index.ts';
import { type Release, type ReleaseContent, releaseDigest } from './release.ts';
import { plannedSteps } from './steps.ts';
import {
  activeRollout,
  changeRollout,
  endRollout,
  enterStep,
  nextStep,
  pauseByHand,
  startRollout,
  takeOver,
  type Turn,
  unpause,
} from './turn.ts';

export type Command =
  | {
      readonly kind: 'deploy';
      readonly content: ReleaseContent;
      readonly revision: Release['revision'];
      readonly spec: EnvironmentSpec;
    }
  | { readonly kind: 'promote' | 'promoteFully' | 'abort' | 'retry' | 'pause' | 'resume' | 'remove' }
  | { readonly kind: 'rollback'; readonly to: number | null }
  | { readonly kind: 'scale'; readonly replicas: number }
  | { readonly kind: 'strategy'; readonly strategy: EnvironmentSpec['strategy'] };

export type CommandResult =
  | { readonly kind: 'done'; readonly turn: Turn; readonly answer: string }
  /** Nothing was to be done, and that is fine. */
  | { readonly kind: 'unchanged'; readonly answer: string }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string; readonly hint: string };

export type RefusalCode =
  | 'delivery/nothing-under-way'
  | 'delivery/not-paused'
  | 'delivery/no-such-release'
  | 'delivery/aborted-before'
  | 'delivery/proven-bad'
  | 'delivery/removed';

export function obey(state: EnvironmentState, command: Command, now: number): CommandResult {
  const turn: Turn = { state, entries: [], now };
  if (state.removed && command.kind !== 'deploy') {
    return refused('delivery/removed', `${state.key} has been removed.`, 'Deploy to it to make it anew.');
  }
  switch (command.kind) {
    case 'deploy':
      return deploy(turn, command);
    case 'promote':
      return promote(turn);
    case 'promoteFully':
      return promoteFully(turn);
    case 'abort':
      return abort(turn);
    case 'retry':
      return retry(turn);
    case 'pause':
      return pause(turn);
    case 'resume':
      return resume(turn);
    case 'rollback':
      return rollback(turn, command.to);
    case 'scale':
      return changed(turn, { replicas: command.replicas }, `runs ${command.replicas} replicas from now on`);
    case 'strategy':
      return changed(turn, { strategy: command.strategy }, 'the new strategy counts from the next rollout');
    case 'remove':
      return remove(turn);
  }
}

function deploy(turn: Turn, { content, revision, spec }: Extract<Command, { kind: 'deploy' }>): CommandResult {
  const present: Turn = { ...turn, state: { ...(turn.state.removed ? anew(turn.state) : turn.state), spec } };
  const { turn: known, release } = withRelease(present, content, revision);
  const active = activeRollout(known.state);
  const { stable, rollout } = known.state;
  if (active?.candidate === release) {
    return { kind: 'done', turn: known, answer: `#${release} is being rolled out already` };
  }
  if (release === stable) {
    if (active === null) return { kind: 'done', turn: known, answer: `#${release} is deployed here already` };
    return done(
      endRollout(known, withdrawal(active), `#${release}, the stable release, was deployed again`),
      `back to #${release}`,
    );
  }
  if (active === null && rollout?.outcome === 'aborted' && rollout.kind === 'deploy' && rollout.candidate === release) {
    return refused(
      'delivery/aborted-before',
      `#${release} was aborted: ${rollout.because}`,
      `Deploy a changed one, or run "slipway retry" when the cause lay outside of it.`,
    );
  }
  const free = active === null ? known : endRollout(known, 'superseded', `#${release} was deployed`);
  const because = stable === null ? `#${release} is the first release here` : `#${release} was deployed`;
  return done(startRollout(free, { kind: 'deploy', candidate: release, because }), `rolling out #${release}`);
}

/** A removed environment that is deployed to: how its last rollout ended says nothing about it any more. */
function anew(state: EnvironmentState): EnvironmentState {
  return { ...state, removed: false, gone: false, rollout: null };
}

/** How a rollout ends whose stable release is wanted back: `rolledBack` of a rollback means that it was completed. */
function withdrawal(rollout: Rollout): 'superseded' | 'rolledBack' {
  return rollout.kind === 'rollback' ? 'superseded' : 'rolledBack';
}

/** The number of the release with this content: the one that it has, or the next one. */
function withRelease(
  turn: Turn,
  content: ReleaseContent,
  revision: Release['revision'],
): { readonly turn: Turn; readonly release: number } {
  const digest = releaseDigest(content);
  const { state } = turn;
  const known = Object.values(state.releases).find((release) => release.digest === digest);
  if (known !== undefined) return { turn, release: known.number };
  const release: Release = { number: state.lastRelease + 1, digest, content, revision };
  const releases = { ...state.releases, [release.number]: release };
  const entries: readonly DeliveryEntry[] = [...turn.entries, releaseCreated(release)];
  return {
    turn: { ...turn, state: { ...state, releases, lastRelease: release.number }, entries },
    release: release.number,
  };
}

function promote(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'promote');
  if (rollout.phase !== 'paused' && rollout.missingSince === null) {
    const message = `The rollout of #${rollout.candidate} is not paused: ${rollout.because}.`;
    return refused(
      'delivery/not-paused',
      message,
      'Wait for it, or end it with "slipway promote --full" or "slipway abort".',
    );
  }
  const because = 'a person promoted';
  if (rollout.reason === 'deadline') return done(enterStep(turn, rollout.step, because), 'waits once more');
  if (rollout.reason === 'manual') return done(unpause(turn, because), 'goes on');
  const undecided = rollout.reason === 'inconclusive' || rollout.missingSince !== null;
  const decided = undecided ? changeRollout(turn, { byHand: true }) : turn;
  const next = nextStep(rollout);
  if (next !== null) return done(enterStep(decided, next, because), `goes on with #${rollout.candidate}`);
  return done(
    takeOver(decided, undecided ? 'promotedByHand' : 'promoted', 'a person promoted it'),
    `#${rollout.candidate} is promoted`,
  );
}

function promoteFully(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'promote');
  const last = plannedSteps(rollout).findLastIndex((step) => step.kind === 'weight');
  const decided = changeRollout(turn, { byHand: true, judged: false });
  return done(
    enterStep(decided, last, 'a person promoted it fully'),
    `all requests go to #${rollout.candidate} when it is ready`,
  );
}

function abort(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return { kind: 'unchanged', answer: 'no rollout is under way, nothing to abort' };
  return done(endRollout(turn, 'aborted', 'a person aborted it'), `#${rollout.candidate} is aborted`);
}

function retry(turn: Turn): CommandResult {
  const { rollout } = turn.state;
  if (rollout?.outcome !== 'aborted') {
    return refused('delivery/nothing-under-way', 'The last rollout was not aborted.', 'There is nothing to retry.');
  }
  const { candidate, evidence, kind, judge: settings } = rollout;
  const because = 'a person retried it';
  if (kind === 'rollback') return done(startRollout(turn, { kind, candidate, because }), `retries #${candidate}`);
  const { verdict, sentence } = judge(evidence, settings);
  if (verdict.kind === 'fail' && !settings.dry) {
    return refused(
      'delivery/proven-bad',
      `#${candidate} is proven bad, and a retry goes on with the same evidence: ${sentence}.`,
      'Deploy a changed release; another value in its configuration makes it one.',
    );
  }
  return done(startRollout(turn, { kind, candidate, evidence, because }), `retries #${candidate}`);
}

function pause(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'pause');
  if (rollout.reason === 'manual') return { kind: 'unchanged', answer: `#${rollout.candidate} is paused already` };
  return done(pauseByHand(turn, 'a person paused it'), `#${rollout.candidate} is paused`);
}

function resume(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'resume');
  if (rollout.reason !== 'manual') {
    return refused('delivery/not-paused', 'Nobody paused it by hand.', 'Use "slipway promote" to end another pause.');
  }
  return done(unpause(turn, 'a person resumed it'), 'goes on');
}

function rollback(turn: Turn, to: number | null): CommandResult {
  const { state } = turn;
  const active = activeRollout(state);
  if (active !== null && state.stable === null) return abort(turn);
  if (active?.kind === 'rollback' && (to === null || to === active.candidate)) {
    return { kind: 'unchanged', answer: `#${active.candidate} is being rolled back to already: ${active.because}` };
  }
  if (active !== null && (to === null || to === state.stable)) {
    return done(endRollout(turn, withdrawal(active), 'a person rolled it back'), `back to #${state.stable}`);
  }
  if (to !== null && to === state.stable) return { kind: 'unchanged', answer: `#${to} serves already` };
  const target = rollbackTarget(state, to);
  if (target === undefined) {
    const kept = state.kept.map(({ release }) => `#${release}`).join(', ');
    const message = to === null ? `${state.key} has no earlier release.` : `#${to} is not kept in ${state.key}.`;
    return refused('delivery/no-such-release', message, kept === '' ? 'Deploy one instead.' : `Kept are ${kept}.`);
  }
  const because = `a person rolled back to #${target.release}`;
  const free = active === null ? turn : endRollout(turn, 'superseded', because);
  return done(
    startRollout(free, { kind: 'rollback', candidate: target.release, because }),
    `rolling back to #${target.release}`,
  );
}

/** The kept release `to`; without a wish the last promoted one that was not itself rolled back from (invariant I5). */
function rollbackTarget(state: EnvironmentState, to: number | null): KeptRelease | undefined {
  return state.kept.findLast((kept) => (to === null ? !kept.withdrawn : kept.release === to));
}

function remove(turn: Turn): CommandResult {
  const active = activeRollout(turn.state);
  const ended = active === null ? turn : endRollout(turn, 'aborted', 'the environment was removed');
  const state: EnvironmentState = { ...ended.state, removed: true, stable: null, kept: [] };
  const entries = [...ended.entries, environmentRemoved()];
  return done({ ...ended, state, entries }, `${state.key} is being removed`);
}

function changed(turn: Turn, change: Partial<EnvironmentSpec>, answer: string): CommandResult {
  return done({ ...turn, state: { ...turn.state, spec: { ...turn.state.spec, ...change } } }, answer);
}

function done(turn: Turn, answer: string): CommandResult {
  return { kind: 'done', turn, answer };
}

function refused(code: RefusalCode, message: string, hint: string): CommandResult {
  return { kind: 'refused', code, message, hint };
}

function nothingUnderWay(state: EnvironmentState, verb: string): CommandResult {
  const message = `No rollout is under way in ${state.key}, so there is nothing to ${verb}.`;
  return refused('delivery/nothing-under-way', message, 'See "slipway status".');
}
