/** How a rollout begins: with everything that it goes by frozen into it, and with the question to people where one is asked. */

import { rolloutApprovalRequested } from './approval-entries.ts';
import { rolloutStarted } from './entries.ts';
import type { Approval, Rollout } from './engine-state.ts';
import { endGuard } from './ending.ts';
import { continueEvidence, type Evidence, startEvidence } from './judge/index.ts';
import { judgeOf } from './steps.ts';
import { enterStep, isApproved, pause, type Turn } from './turn.ts';

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
