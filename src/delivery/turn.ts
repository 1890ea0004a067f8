/** Small steps from one engine state to the next, shared by what the world does (`advance`) and people do (`command`). */

import type { EnvironmentSpec } from './environment-spec.ts';
import {
  type DeliveryEntry,
  rolloutEnded,
  rolloutPaused,
  rolloutResumed,
  rolloutStarted,
  rolloutStepped,
} from './entries.ts';
import type { EnvironmentState, KeptRelease, Outcome, PauseReason, Phase, Rollout } from './engine-state.ts';
import { type Evidence, judge, startEvidence } from './judge/index.ts';
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
}

/**
 * Begins a rollout from the stable release to `candidate`. A first deployment and a rollback skip steps and pauses: they
 * begin at the step of 100 %.
 */
export function startRollout(turn: Turn, { kind, candidate, because, evidence }: StartOptions): Turn {
  const { state, now } = turn;
  const { strategy: plan, gates, approval } = state.spec;
  const release = state.releases[candidate];
  if (release === undefined) throw new Error(`#${candidate} is no release of ${state.key}`);
  const number = state.lastRollout + 1;
  const direct = kind === 'rollback' || state.stable === null;
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
    approvals: [],
    gateResults: {},
    gateErrors: {},
    guardUntil: null,
    phase: 'progressing',
    reason: null,
    step: direct ? plannedSteps({ plan, gates }).findLastIndex((step) => step.kind === 'weight') : 0,
    startedAt: now,
    stepAt: now,
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
    evidence: evidence ?? startEvidence(judgeOf(plan), state.stable !== null),
    ownEvidence: null,
    lookedAt: null,
    baseline: null,
    outcome: null,
    endedAt: null,
    because,
  };
  const started: Turn = {
    ...turn,
    state: { ...state, rollout, lastRollout: number },
    entries: [...turn.entries, rolloutStarted(rollout, release)],
  };
  return enterStep(started, rollout.step, because);
}

/** Enters the step with this index: a pause pauses, a weight is to be reached. */
export function enterStep(turn: Turn, index: number, because: string): Turn {
  const rollout = turn.state.rollout;
  const step = rollout === null ? undefined : plannedSteps(rollout)[index];
  if (step === undefined) throw new Error(`there is no step ${index}`);
  const common = { step: index, stepAt: turn.now, pausedAt: null, inForceAt: null, rolled: null, missingSince: null };
  if (step.kind === 'pause') return pause({ ...changeRollout(turn, common) }, 'step', because);
  const next = changeRollout(turn, { ...common, phase: 'progressing', reason: null, because });
  return next.state.rollout === null
    ? next
    : {
        ...next,
        entries: [...next.entries, rolloutStepped(next.state.rollout, step.kind === 'weight' ? step.weight : 0)],
      };
}

export function pause(turn: Turn, reason: PauseReason, because: string): Turn {
  const next = changeRollout(turn, { phase: 'paused', reason, because });
  return next.state.rollout === null
    ? next
    : { ...next, entries: [...next.entries, rolloutPaused(next.state.rollout, turn.now)] };
}

export function resume(turn: Turn, because: string): Turn {
  const next = changeRollout(turn, { phase: 'progressing', reason: null, because });
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
  const { stepAt, inForceAt, exposedAt, missingSince } = rollout;
  const shift = turn.now - (rollout.pausedAt ?? turn.now);
  const later = (time: number | null): number | null => (time === null ? null : time + shift);
  const running = changeRollout(turn, {
    pausedAt: null,
    stepAt: stepAt + shift,
    inForceAt: later(inForceAt),
    exposedAt: later(exposedAt),
    missingSince: later(missingSince),
  });
  const pausesAgain = plannedSteps(rollout)[rollout.step]?.kind === 'pause' && missingSince === null;
  return pausesAgain ? pause(running, 'step', because) : resume(running, because);
}

/** The step after the present one; `null` at the end of the plan, where first deployments and rollbacks begin. */
export function nextStep(rollout: Rollout): number | null {
  return rollout.step + 1 < plannedSteps(rollout).length ? rollout.step + 1 : null;
}

/** Whether `within` bounds the judge's time: only where its `pass` is asked for, so not in a plan of written steps. */
export function withinApplies({ plan, stable }: Rollout): boolean {
  return stable === null || (plan.kind === 'canary' && plan.steps === null);
}

/** Ends the rollout without its candidate; the stable release goes on being it. */
export function endRollout(turn: Turn, outcome: 'aborted' | 'superseded' | 'rolledBack', because: string): Turn {
  const rollout = activeRollout(turn.state);
  if (rollout === null) throw new Error('there is no rollout to end');
  const ended = close(turn, { rollout, outcome, because });
  if (outcome !== 'aborted' || rollout.kind === 'rollback') return ended;
  // A release that served once and is aborted now is not what a rollback returns to by itself.
  const kept = ended.state.kept.map((one) => (one.release === rollout.candidate ? { ...one, withdrawn: true } : one));
  return { ...ended, state: { ...ended.state, kept } };
}

/** Ends the rollout with its candidate as the stable release. The one before it is kept. */
export function takeOver(turn: Turn, outcome: 'promoted' | 'promotedByHand' | 'rolledBack', because: string): Turn {
  const rollout = activeRollout(turn.state);
  if (rollout === null) throw new Error('there is no rollout to end');
  const ended = close(turn, { rollout, outcome, because });
  return { ...ended, state: withStable(ended.state, rollout, turn.now) };
}

interface Ending {
  readonly rollout: Rollout;
  readonly outcome: Outcome;
  readonly because: string;
}

function close(turn: Turn, { rollout, outcome, because }: Ending): Turn {
  const phase: Phase = outcome === 'aborted' ? 'aborted' : 'healthy';
  const last: Rollout = { ...rollout, outcome, because, phase, reason: null, pausedAt: null, endedAt: turn.now };
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
