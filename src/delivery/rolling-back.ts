/** Back to an earlier release: all traffic at once, without steps, judge and approval. */

import { done, refused, type CommandResult, unchanged } from './command-result.ts';
import type { EnvironmentState, KeptRelease, Rollout } from './engine-state.ts';
import { endRollout } from './ending.ts';
import { startRollout } from './starting.ts';
import { activeRollout, personOf, type Turn } from './turn.ts';

export function rollback(turn: Turn, to: number | null): CommandResult {
  const { state } = turn;
  const active = activeRollout(state);
  if (active !== null && state.stable === null) {
    return done(endRollout(turn, 'aborted', `${personOf(turn)} aborted it`), `#${active.candidate} is aborted`);
  }
  if (active?.kind === 'rollback' && (to === null || to === active.candidate)) {
    return unchanged(`#${active.candidate} is being rolled back to already: ${active.because}`);
  }
  if (active !== null && (to === null || to === state.stable)) {
    return back(turn, active, `${personOf(turn)} rolled it back`);
  }
  if (to !== null && to === state.stable) return unchanged(`#${to} serves already`);
  const target = rollbackTarget(state, to);
  if (target === undefined) {
    const kept = state.kept.map(({ release }) => `#${release}`).join(', ');
    const none = kept === '' ? 'has no earlier release' : 'has no earlier release that was not rolled back from';
    const message = to === null ? `${state.key} ${none}.` : `#${to} is not kept in ${state.key}.`;
    const hint = kept === '' ? 'Deploy one instead.' : `Kept are ${kept}: name one with "--to".`;
    return refused('delivery/no-such-release', message, hint);
  }
  const because = `${personOf(turn)} rolled back to #${target.release}`;
  const alone = withoutQueue(turn);
  const free = active === null ? alone : endRollout(alone, 'superseded', because);
  return done(
    startRollout(free, { kind: 'rollback', candidate: target.release, because }),
    `rolling back to #${target.release}${dropped(state)}`,
  );
}

/** Ends the rollout under way in favour of the stable release. */
export function back(turn: Turn, active: Rollout, because: string): CommandResult {
  const { state } = turn;
  // `rolledBack` of a rollback means that it was completed.
  const outcome = active.kind === 'rollback' ? 'superseded' : 'rolledBack';
  return done(endRollout(withoutQueue(turn), outcome, because), `back to #${state.stable}${dropped(state)}`);
}

/** Whoever wants an earlier release does not want the one that waits. */
function withoutQueue(turn: Turn): Turn {
  return turn.state.queued === null ? turn : { ...turn, state: { ...turn.state, queued: null } };
}

function dropped({ queued }: EnvironmentState): string {
  return queued === null ? '' : `; #${queued.release} waits no more`;
}

/** The kept release `to`; without a wish the last promoted one that was not itself rolled back from (invariant I5). */
function rollbackTarget(state: EnvironmentState, to: number | null): KeptRelease | undefined {
  return state.kept.findLast((kept) => (to === null ? !kept.withdrawn : kept.release === to));
}
