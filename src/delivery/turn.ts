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
import { plannedSteps } from './steps.ts';

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
    commanded: null,
    told: null,
    lastRelease: 0,
    lastRollout: 0,
    lastIntent: 0,
    lastEntry: 0,
    removed: false,
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
  const plan = state.spec.strategy;
  const release = state.releases[candidate];
  if (plan.kind !== 'canary' || release === undefined) throw new Error(`cannot roll out #${candidate} by ${plan.kind}`);
  const number = state.lastRollout + 1;
  const direct = kind === 'rollback' || state.stable === null;
  const rollout: Rollout = {
    id: `${state.key}/${number}`,
    number,
    kind,
    candidate,
    stable: state.stable,
    plan,
    phase: 'progressing',
    reason: null,
    step: direct ? plannedSteps(plan).findLastIndex((step) => step.kind === 'weight') : 0,
    startedAt: now,
    stepAt: now,
    inForceAt: null,
    exposedAt: null,
    missingSince: null,
    requestsAtStep: 0,
    judged: kind === 'deploy',
    byHand: false,
    evidence: evidence ?? startEvidence(plan.judge, state.stable !== null),
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
  const step = rollout === null ? undefined : plannedSteps(rollout.plan)[index];
  if (step === undefined) throw new Error(`there is no step ${index}`);
  const common = { step: index, stepAt: turn.now, inForceAt: null, missingSince: null };
  if (step.kind === 'pause') return pause({ ...changeRollout(turn, common) }, 'step', because);
  const next = changeRollout(turn, { ...common, phase: 'progressing', reason: null, because });
  return next.state.rollout === null
    ? next
    : { ...next, entries: [...next.entries, rolloutStepped(next.state.rollout, step.weight)] };
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

/** Ends the rollout. `promoted`, `promotedByHand` and a rollback's `rolledBack` make the candidate the stable release. */
export function endRollout(turn: Turn, outcome: Outcome, because: string): Turn {
  const { now } = turn;
  const rollout = activeRollout(turn.state);
  if (rollout === null) throw new Error('there is no rollout to end');
  const phase: Phase = outcome === 'aborted' ? 'aborted' : 'healthy';
  const ended = changeRollout(turn, { outcome, because, phase, reason: null, endedAt: now });
  const takesOver =
    outcome === 'promoted' || outcome === 'promotedByHand' || (outcome === 'rolledBack' && rollout.kind === 'rollback');
  const state = takesOver ? withStable(ended.state, rollout, now) : ended.state;
  const reading = judge(rollout.evidence, rollout.plan.judge);
  const last = ended.state.rollout ?? rollout;
  return { ...ended, state, entries: [...ended.entries, rolloutEnded(last, outcome, reading)] };
}

function withStable(state: EnvironmentState, rollout: Rollout, now: number): EnvironmentState {
  const others = state.kept.filter(({ release }) => release !== rollout.candidate);
  if (rollout.stable === null) return { ...state, stable: rollout.candidate, kept: others };
  const withdrawn = rollout.kind === 'rollback';
  const keep = withdrawn ? 0 : Math.max(rollout.plan.keep, state.spec.guard);
  const old: KeptRelease = { release: rollout.stable, fullUntil: now + keep, withdrawn };
  return { ...state, stable: rollout.candidate, kept: [...others, old] };
}
