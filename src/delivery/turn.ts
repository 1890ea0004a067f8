/** Small steps from one engine state to the next, shared by what the world does (`advance`) and people do (`command`). */

import type { EnvironmentSpec } from './environment-spec.ts';
import { type DeliveryEntry, rolloutPaused, rolloutResumed, rolloutStepped } from './entries.ts';
import type { EnvironmentState, PauseReason, Phase, Rollout } from './engine-state.ts';
import { plannedSteps } from './steps.ts';

/** A state on its way, with the entries that tell how it came about. */
export interface Turn {
  readonly state: EnvironmentState;
  readonly entries: readonly DeliveryEntry[];
  readonly now: number;
  /** Who has asked for it, in words; absent when that is not known, or nobody did. */
  readonly who?: string;
}

/** Whom a sentence about what a person did begins with. */
export function personOf({ who }: Turn): string {
  return who ?? 'a person';
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
export function held({ state, now }: Turn, waits: boolean): Pick<Rollout, 'heldSince' | 'heldFor'> {
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
