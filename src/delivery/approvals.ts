/**
 * People who must say yes before anything of a release runs. An approval is part of the rollout of one release, so it is
 * bound to that release's digest: whatever supersedes it is asked for anew (facts/rollouts.md, traps T16 and T21).
 */

import { formatDuration } from '../kernel/quantity.ts';
import { done, nothingUnderWay, refused, type Refused, type CommandResult, unchanged } from './command-result.ts';
import { rolloutApproved, rolloutRejected } from './approval-entries.ts';
import type { Approval, EnvironmentState, Rollout } from './engine-state.ts';
import type { ApprovalPlan } from './environment-spec.ts';
import { endRollout } from './ending.ts';
import { begin, waitForApproval } from './starting.ts';
import { activeRollout, changeRollout, isApproved, type Turn } from './turn.ts';

export interface Approve {
  readonly kind: 'approve';
  readonly by: string;
  readonly groups: readonly string[];
  /** Whether somebody has checked that it is them: on one machine nobody does. */
  readonly authenticated: boolean;
  /** It is no person but the gate of a CI system, which has asked those that it knows of and vouches for them. */
  readonly gate?: true;
  /** The release that they were shown; another one is not approved by mistake. */
  readonly release?: number;
}

export interface Reject {
  readonly kind: 'reject';
  readonly by: string;
  readonly because?: string;
  readonly authenticated?: boolean;
  readonly release?: number;
}

export function approve(turn: Turn, wish: Approve): CommandResult {
  const { by, groups, authenticated } = wish;
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'approve');
  const wrong = anotherRelease(rollout, wish.release);
  if (wrong !== null) return wrong;
  const { candidate, approval, approvals } = rollout;
  if (isApproved(rollout)) {
    return unchanged(approval.count === 0 ? `#${candidate} needs no approval` : `#${candidate} is approved already`);
  }
  if (!mayApprove(approval, wish)) {
    const message = `${by} may not approve ${turn.state.key}: ${approval.by.join(', ')} may.`;
    return refused('delivery/not-an-approver', message, 'Ask one of them, or change `approval.by` and deploy anew.');
  }
  // A gate lets a job through once, however often the job runs again.
  if (wish.gate === true && approvals.some((one) => one.gate === true)) {
    return unchanged(`a gate has approved #${candidate} already: ${waitForApproval(rollout)}`);
  }
  if (approvals.some((one) => one.by === by)) {
    return unchanged(`${by} has approved #${candidate} already: ${waitForApproval(rollout)}`);
  }
  const given: Approval = { by, groups, authenticated, ...gateOf(wish), at: turn.now };
  const approved: Rollout = { ...rollout, approvals: [...approvals, given] };
  const told = changeRollout(turn, approved, rolloutApproved(approved, releaseOf(turn.state, candidate)));
  const who = `${by} approved #${candidate}${vouchedBy(wish)}`;
  if (!isApproved(approved)) {
    const waiting = waitForApproval(approved);
    return done(
      approved.reason === 'approval' ? changeRollout(told, { because: waiting }) : told,
      `${who}; ${waiting}`,
    );
  }
  return done(begin(told, `${approved.approvals.map((one) => one.by).join(' and ')} approved it`), `${who}; it begins`);
}

export function reject(turn: Turn, { by, because, authenticated = false, release }: Reject): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'reject');
  const wrong = anotherRelease(rollout, release);
  if (wrong !== null) return wrong;
  const { id, candidate } = rollout;
  if (isApproved(rollout)) {
    const message = `#${candidate} does not wait for an approval: ${rollout.because}.`;
    return refused('delivery/no-approval-asked', message, 'Use "slipway abort" to end its rollout.');
  }
  const entry = rolloutRejected({ rollout: id, candidate, by, because: because ?? null, authenticated, at: turn.now });
  // A no takes back what others have said: a retry asks everybody anew.
  const rejected = changeRollout(turn, { approvals: [] }, entry);
  const why = `rejected by ${by}${because === undefined ? '' : `: ${because}`}`;
  const note = authenticated ? '' : ' (recorded, not authenticated)';
  return done(endRollout(rejected, 'aborted', why), `#${candidate} is ${why}${note}`);
}

/** Ends a rollout that nobody has approved in time. */
export function withoutExpired(turn: Turn): Turn {
  const rollout = activeRollout(turn.state);
  if (rollout === null || isApproved(rollout)) return turn;
  const { expires } = rollout.approval;
  if (expires === null || turn.now - rollout.stepAt < expires) return turn;
  return endRollout(turn, 'aborted', `not approved within ${formatDuration(expires)}: ${waitForApproval(rollout)}`);
}

function vouchedBy({ gate, authenticated }: Approve): string {
  if (gate === true) return ' (the host vouches for whom it asked, Slipway has not)';
  return authenticated ? '' : ' (recorded, not authenticated)';
}

function gateOf({ gate }: Approve): Pick<Approval, 'gate'> {
  return gate === true ? { gate } : {};
}

function mayApprove({ by }: ApprovalPlan, person: Pick<Approve, 'by' | 'groups' | 'gate'>): boolean {
  return person.gate === true || by.length === 0 || [person.by, ...person.groups].some((name) => by.includes(name));
}

function anotherRelease({ candidate }: Rollout, meant: number | undefined): Refused | null {
  if (meant === undefined || meant === candidate) return null;
  const message = `#${meant} is not what is being rolled out: that is #${candidate}.`;
  return refused('delivery/another-release', message, 'Look at it with "slipway status", then decide on that one.');
}

function releaseOf({ releases, key }: EnvironmentState, number: number): EnvironmentState['releases'][number] {
  const release = releases[number];
  if (release === undefined) throw new Error(`#${number} is no release of ${key}`);
  return release;
}
