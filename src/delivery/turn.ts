/** Small steps from one engine state to the next, shared by what the world does (`advance`) and people do (`command`). */

import type { EnvironmentSpec } from './environment-spec.ts';
import {
  type DeliveryEntry,
  rolloutApprovalRequested,
  rolloutEnded,
  rolloutGuarded,
  type RolloutGuarded,
  rolloutPaused,
  rolloutResumed,
  rolloutStarted,
  rolloutStepped,
} from './entries.ts';
import type {
  Approval,
  EnvironmentState,
  KeptRelease,
  LeavingRelease,
  Outcome,
  PauseReason,
  Phase,
  Rollout,
} from './engine-state.ts';
import { guardOf } from './guard.ts';
import { continueEvidence, type Evidence, judge, startEvidence } from './judge/index.ts';
import { isGradual } from './sizes.ts';
import { judgeOf, keepOf, plannedSteps } from './steps.ts';

/** A state on its way, with the entries that tell how it came about. */
export interface Turn {
  readonly state: EnvironmentState;
  readonly entries: readonly DeliveryEntry[];
  readonly now: number;
}

/** A rollout that is under way, if there is one. */
export function activeRollout(state: EnvironmentState): Rollout | null {
  return state.rollout !== null && state.rollout.outcome === null ? state.rollout : null;
}

/** The rollout under way when it may run something: nothing of it does before it is approved. */
export function approvedRollout(state: EnvironmentState): Rollout | null {
  const rollout = activeRollout(state);
  return rollout !== null && isApproved(rollout) ? rollout : null;
}

/** Whether as many people as must have said yes. A rollback asks nobody. */
export function isApproved({ kind, approval, approvals }: Rollout): boolean {
  return kind === 'rollback' || approvals.length >= approval.count;
}

/** The phase of the environment as a whole. */
export function phaseOf(state: EnvironmentState): Phase {
  if (state.rollout === null) return 'healthy';
  if (state.rollout.outcome === null) return state.rollout.phase;
  return state.rollout.outcome === 'aborted' ? 'aborted' : 'healthy';
}

export function emptyState(key: string, spec: EnvironmentSpec): EnvironmentState {
  const [service = '', environment = ''] = key.split('/');
  return {
    key,
    service,
    environment,
    spec,
    releases: {},
    stable: null,
    kept: [],
    rollout: null,
    queued: null,
    leaving: [],
    commanded: null,
    setbacks: {},
    told: null,
    lastRelease: 0,
    lastRollout: 0,
    lastIntent: 0,
    lastEntry: 0,
    removed: false,
    gone: false,
  };
}

/** Replaces parts of the present rollout. */
export function changeRollout(turn: Turn, change: Partial<Rollout>, ...entries: readonly DeliveryEntry[]): Turn {
  const { rollout } = turn.state;
  if (rollout === null) throw new Error('there is no rollout to change');
  return {
    ...turn,
    state: { ...turn.state, rollout: { ...rollout, ...change } },
    entries: [...turn.entries, ...entries],
  };
}

interface StartOptions {
  readonly kind: Rollout['kind'];
  readonly candidate: number;
  readonly because: string;
  /** Evidence to go on with; a retry never begins its test anew (facts/rollouts.md section 9.9). */
  readonly evidence?: Evidence;
  /** Who has said yes to this release already: only a retry has any. */
  readonly approvals?: readonly Approval[];
}

/** Begins a rollout from the stable release to `candidate`, or (where people must approve) the wait for them. */
export function startRollout(turn: Turn, { kind, candidate, because, evidence, approvals = [] }: StartOptions): Turn {
  const { state, now } = turn;
  const { strategy: plan, gates, approval } = state.spec;
  const release = state.releases[candidate];
  if (release === undefined) throw new Error(`#${candidate} is no release of ${state.key}`);
  const number = state.lastRollout + 1;
  // After a blue-green switch the release before gets no requests: there is nothing to be compared with.
  const compared = state.stable !== null && plan.kind !== 'blueGreen';
  const rollout: Rollout = {
    id: `${state.key}/${number}`,
    number,
    kind,
    candidate,
    stable: state.stable,
    plan,
    judge: judgeOf(plan),
    gates,
    approval,
    approvals,
    gateResults: {},
    gateErrors: {},
    guardUntil: null,
    phase: 'progressing',
    reason: null,
    step: 0,
    startedAt: now,
    stepAt: now,
    heldSince: null,
    heldFor: 0,
    unreadySince: null,
    pausedAt: null,
    inForceAt: null,
    previewAt: null,
    rolled: null,
    exposedAt: null,
    carried: null,
    missingSince: null,
    requestsAtStep: 0,
    judged: kind === 'deploy',
    byHand: false,
    evidence:
      evidence === undefined ? startEvidence(judgeOf(plan), compared) : continueEvidence(evidence, judgeOf(plan)),
    ownEvidence: null,
    lookedAt: null,
    baseline: null,
    outcome: null,
    endedAt: null,
    because,
  };
  const unguarded = endGuard(turn, 'ended', because);
  const started: Turn = {
    ...unguarded,
    state: { ...unguarded.state, rollout, lastRollout: number },
    entries: [...unguarded.entries, rolloutStarted(rollout, release)],
  };
  if (isApproved(rollout)) return begin(started, because);
  const asking = pause(started, 'approval', waitForApproval(rollout));
  return { ...asking, entries: [...asking.entries, rolloutApprovalRequested(rollout, release)] };
}

/** Begins the plan at the step that the rollout stands at. A candidate that still ran as a leftover is one no more. */
export function begin(turn: Turn, because: string): Turn {
  const { rollout, leaving } = turn.state;
  if (rollout === null) throw new Error('there is no rollout to begin');
  const others = leaving.filter(({ release }) => release !== rollout.candidate);
  const state = others.length === leaving.length ? turn.state : { ...turn.state, leaving: others };
  return enterStep({ ...turn, state }, rollout.step, because);
}

/** What is waited for before the plan begins, in words. */
export function waitForApproval({ candidate, approval, approvals }: Rollout): string {
  const { count, by } = approval;
  const who = by.length === 0 ? '' : ` by ${by.join(' or ')}`;
  const given = approvals.length === 0 ? '' : ` (${approvals.map((one) => one.by).join(', ')} approved)`;
  return `#${candidate} waits for ${count} approval${count === 1 ? '' : 's'}${who}${given}`;
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

/** Enters the step with this index: a pause pauses, a weight is to be reached. */
export function enterStep(turn: Turn, index: number, because: string): Turn {
  const rollout = turn.state.rollout;
  const step = rollout === null ? undefined : plannedSteps(rollout)[index];
  if (step === undefined) throw new Error(`there is no step ${index}`);
  const common = { step: index, stepAt: turn.now, pausedAt: null, inForceAt: null, rolled: null, missingSince: null };
  if (step.kind === 'pause') return pause({ ...changeRollout(turn, common) }, 'step', because);
  const next = changeRollout(turn, { ...common, ...held(turn, false), phase: 'progressing', reason: null, because });
  return next.state.rollout === null
    ? next
    : { ...next, entries: [...next.entries, rolloutStepped(next.state.rollout)] };
}

export function pause(turn: Turn, reason: PauseReason, because: string): Turn {
  const { rollout } = turn.state;
  const step = rollout === null ? undefined : plannedSteps(rollout)[rollout.step];
  const timed = reason === 'step' && step?.kind === 'pause' && step.duration !== 'manual';
  const next = changeRollout(turn, { ...held(turn, !timed), phase: 'paused', reason, because });
  return next.state.rollout === null
    ? next
    : { ...next, entries: [...next.entries, rolloutPaused(next.state.rollout, turn.now)] };
}

/** The time that people take is counted apart: from now on it waits for one, or does not. */
function held({ state, now }: Turn, waits: boolean): Pick<Rollout, 'heldSince' | 'heldFor'> {
  const { heldSince = null, heldFor = 0 } = state.rollout ?? {};
  return { heldSince: waits ? now : null, heldFor: heldFor + (heldSince === null ? 0 : now - heldSince) };
}

export function resume(turn: Turn, because: string): Turn {
  const next = changeRollout(turn, { ...held(turn, false), phase: 'progressing', reason: null, because });
  return next.state.rollout === null
    ? next
    : { ...next, entries: [...next.entries, rolloutResumed(next.state.rollout, turn.now)] };
}

/** A person stops the rollout where it is; its clocks stand still until `unpause`. */
export function pauseByHand(turn: Turn, because: string): Turn {
  return changeRollout(pause(turn, 'manual', because), { pausedAt: turn.now });
}

/**
 * Ends a person's pause: the rest of a timed pause, of a deadline and of `within` is what it was when the pause began.
 * A pause of the plan goes on being one.
 */
export function unpause(turn: Turn, because: string): Turn {
  const { rollout } = turn.state;
  if (rollout === null) throw new Error('there is no rollout that is paused');
  const { stepAt, inForceAt, exposedAt, previewAt, rolled, missingSince } = rollout;
  const shift = turn.now - (rollout.pausedAt ?? turn.now);
  const later = (time: number | null): number | null => (time === null ? null : time + shift);
  const running = changeRollout(turn, {
    pausedAt: null,
    stepAt: stepAt + shift,
    inForceAt: later(inForceAt),
    exposedAt: later(exposedAt),
    previewAt: later(previewAt),
    rolled: rolled === null ? null : { ...rolled, at: rolled.at + shift },
    missingSince: later(missingSince),
  });
  const pausesAgain = plannedSteps(rollout)[rollout.step]?.kind === 'pause' && missingSince === null;
  return pausesAgain ? pause(running, 'step', because) : resume(running, because);
}

/** The step after the present one; `null` at the end of the plan. */
export function nextStep(rollout: Rollout): number | null {
  return rollout.step + 1 < plannedSteps(rollout).length ? rollout.step + 1 : null;
}

/** Whether `within` bounds the judge's time: only where its `pass` is asked for, so not in a plan of written steps. */
export function withinApplies({ plan, stable }: Rollout): boolean {
  return plan.kind === 'canary' && (stable === null || plan.steps === null);
}

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
    { release: candidate, until: now + stays, carries: isGradual(rollout) },
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
  const compared = spec.affinity.kind === 'none';
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
