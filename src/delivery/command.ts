/** What people ask of an environment: each verb turns a state into the next one, or is refused with a reason. Pure. */

import { type Approve, approve, type Reject, reject } from './approvals.ts';
import { done, nothingUnderWay, refused, type CommandResult, unchanged } from './command-result.ts';
import { type Deploy, deploy, retry } from './deploying.ts';
import { environmentRemoved } from './entries.ts';
import type { EnvironmentSpec } from './environment-spec.ts';
import type { EnvironmentState } from './engine-state.ts';
import { promote, promoteFully } from './promoting.ts';
import { rollback } from './rolling-back.ts';
import { endGuard, endRollout } from './ending.ts';
import { waitForApproval } from './starting.ts';
import { activeRollout, isApproved, pauseByHand, personOf, type Turn, unpause } from './turn.ts';

export type Command =
  | Deploy
  | Approve
  | Reject
  | ({ readonly kind: 'promote' | 'promoteFully' | 'abort' | 'retry' | 'pause' | 'resume' | 'remove' } & Asker)
  | ({ readonly kind: 'rollback'; readonly to: number | null } & Asker)
  | { readonly kind: 'scale'; readonly replicas: number }
  | { readonly kind: 'strategy'; readonly strategy: EnvironmentSpec['strategy'] };

/** Who gives a command, for the record. */
interface Asker {
  readonly by?: string;
  /** Whether somebody has checked that it is them: on one machine nobody does. */
  readonly authenticated?: boolean;
}

export function obey(state: EnvironmentState, command: Command, now: number): CommandResult {
  const turn: Turn = { state, entries: [], now, ...whoOf(command) };
  if (state.removed && command.kind !== 'deploy') {
    return refused('delivery/removed', `${state.key} has been removed.`, 'Deploy to it to make it anew.');
  }
  switch (command.kind) {
    case 'deploy':
      return deploy(turn, command);
    case 'approve':
      return approve(turn, command);
    case 'reject':
      return reject(turn, command);
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

function whoOf(command: Command): Pick<Turn, 'who'> {
  if (!('by' in command) || command.by === undefined) return {};
  return { who: command.authenticated === true ? command.by : `${command.by} (not authenticated)` };
}

function abort(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return unchanged('no rollout is under way, nothing to abort');
  return done(endRollout(turn, 'aborted', `${personOf(turn)} aborted it`), `#${rollout.candidate} is aborted`);
}

function pause(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'pause');
  if (rollout.reason === 'manual') return unchanged(`#${rollout.candidate} is paused already`);
  if (!isApproved(rollout)) {
    const message = `Nothing of #${rollout.candidate} runs yet: ${waitForApproval(rollout)}.`;
    return refused('delivery/not-approved', message, 'To keep it from beginning, use "slipway reject".');
  }
  return done(pauseByHand(turn, `${personOf(turn)} paused it`), `#${rollout.candidate} is paused`);
}

function resume(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'resume');
  if (rollout.reason !== 'manual') {
    return refused('delivery/not-paused', 'Nobody paused it by hand.', 'Use "slipway promote" to end another pause.');
  }
  return done(unpause(turn, `${personOf(turn)} resumed it`), 'goes on');
}

function remove(turn: Turn): CommandResult {
  const because = 'the environment was removed';
  const active = activeRollout(turn.state);
  const ended = active === null ? endGuard(turn, 'ended', because) : endRollout(turn, 'aborted', because);
  const state: EnvironmentState = { ...ended.state, removed: true, stable: null, kept: [], queued: null, leaving: [] };
  const entries = [...ended.entries, environmentRemoved()];
  return done({ ...ended, state, entries }, `${state.key} is being removed`);
}

/** Also for what waits in the queue: this is the newer wish. */
function changed(turn: Turn, change: Partial<EnvironmentSpec>, answer: string): CommandResult {
  const { queued } = turn.state;
  const spec = { ...turn.state.spec, ...change };
  const next = queued === null ? null : { ...queued, spec: { ...queued.spec, ...change } };
  return done({ ...turn, state: { ...turn.state, spec, queued: next } }, answer);
}
