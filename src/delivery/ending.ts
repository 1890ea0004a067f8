/** How a rollout ends, with its candidate or without it, and what becomes of both releases and of the guard. */

import { rolloutEnded, rolloutGuarded, type RolloutGuarded } from './entries.ts';
import type { EnvironmentState, KeptRelease, LeavingRelease, Outcome, Phase, Rollout } from './engine-state.ts';
import { guardOf, isCompared } from './guard.ts';
import { judge, startEvidence } from './judge/index.ts';
import { isGradual } from './sizes.ts';
import { keepOf } from './steps.ts';
import { activeRollout, changeRollout, held, isApproved, type Turn } from './turn.ts';

/** Ends the rollout without its candidate; the stable release goes on being it. */
export function endRollout(turn: Turn, outcome: 'aborted' | 'superseded' | 'rolledBack', because: string): Turn {
  const rollout = activeRollout(turn.state);
  if (rollout === null) throw new Error('there is no rollout to end');
  const ended = close(turn, { rollout, outcome, because });
  const state = { ...ended.state, leaving: withLeaving(ended.state, { rollout, outcome, now: turn.now }) };
  if (outcome !== 'aborted' || rollout.kind === 'rollback') return { ...ended, state };
  // A release that served once and is aborted now is not what a rollback returns to by itself.
  const kept = state.kept.map((one) => (one.release === rollout.candidate ? { ...one, withdrawn: true } : one));
  return { ...ended, state: { ...state, kept } };
}

/** The candidate of an ended rollout leaves, if anything of it may run: at once, or after the plan's `keepAborted`. */
function withLeaving(
  { leaving }: EnvironmentState,
  { rollout, outcome, now }: { rollout: Rollout; outcome: Outcome; now: number },
): readonly LeavingRelease[] {
  const { candidate, plan, kind } = rollout;
  if (!isApproved(rollout)) return leaving;
  const stays = outcome !== 'rolledBack' && kind === 'deploy' && plan.kind === 'canary' ? plan.keepAborted : 0;
  return [
    ...leaving.filter(({ release }) => release !== candidate),
    { release: candidate, until: now + stays, carries: isGradual(rollout) && rollout.stable !== null },
  ];
}

/** Ends the rollout with its candidate as the stable release. The one before it is kept. */
export function takeOver(turn: Turn, outcome: 'promoted' | 'promotedByHand' | 'rolledBack', because: string): Turn {
  const rollout = activeRollout(turn.state);
  if (rollout === null) throw new Error('there is no rollout to end');
  const ended = close(turn, { rollout, outcome, because });
  return withGuard({ ...ended, state: withStable(ended.state, rollout, turn.now) });
}

/**
 * Begins the guard of a promotion: it goes on with the same evidence, or where no concurrent control is possible with
 * the SLO alone. What a person has promoted although it was proven bad is not taken back from them.
 */
function withGuard(turn: Turn): Turn {
  const { rollout, spec } = turn.state;
  if (rollout === null || rollout.kind === 'rollback' || rollout.stable === null || spec.guard === 0) return turn;
  const { evidence, judge: settings } = rollout;
  if (judge(evidence, settings).verdict.kind === 'fail' && !settings.dry) return turn;
  const compared = isCompared(spec);
  return changeRollout(turn, {
    guardUntil: turn.now + spec.guard,
    ...(compared === evidence.hasStable ? {} : { evidence: startEvidence(settings, compared) }),
  });
}

interface Ending {
  readonly rollout: Rollout;
  readonly outcome: Outcome;
  readonly because: string;
}

function close(turn: Turn, { rollout, outcome, because }: Ending): Turn {
  const phase: Phase = outcome === 'aborted' ? 'aborted' : 'healthy';
  const last: Rollout = {
    ...rollout,
    ...held(turn, false),
    outcome,
    because,
    phase,
    reason: null,
    pausedAt: null,
    endedAt: turn.now,
  };
  const entry = rolloutEnded(last, outcome, judge(rollout.evidence, rollout.judge));
  return { ...turn, state: { ...turn.state, rollout: last }, entries: [...turn.entries, entry] };
}

function withStable(state: EnvironmentState, rollout: Rollout, now: number): EnvironmentState {
  const others = state.kept.filter(({ release }) => release !== rollout.candidate);
  if (rollout.stable === null) return { ...state, stable: rollout.candidate, kept: others };
  const withdrawn = rollout.kind === 'rollback';
  const keep = withdrawn ? 0 : Math.max(keepOf(rollout.plan), state.spec.guard);
  const old: KeptRelease = { release: rollout.stable, fullUntil: now + keep, withdrawn };
  return { ...state, stable: rollout.candidate, kept: [...others, old] };
}

/** Ends the guard, if there is one, with what came of it. */
export function endGuard(turn: Turn, result: RolloutGuarded['result'], because: string): Turn {
  const guard = guardOf(turn.state);
  if (guard === null) return turn;
  const { rollout } = guard;
  const entry = rolloutGuarded(rollout, {
    result,
    because,
    at: turn.now,
    reading: judge(rollout.evidence, rollout.judge),
  });
  return changeRollout(turn, { guardUntil: null, unreadySince: null }, entry);
}
