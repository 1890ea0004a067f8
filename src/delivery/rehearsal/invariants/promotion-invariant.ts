/**
 * I8 of facts/rollouts.md section 10.2: no promotion without the gates and the approvals of that very release, of what was
 * aborted, of what is proven bad, or before it got all requests. Read off the entries: the engine's word is not taken.
 */

import type { RolloutApproved } from '../../approval-entries.ts';
import { dataOf, type RolloutEnded, type RolloutGated, type RolloutStarted } from '../../entries.ts';
import type { EnvironmentState, Rollout } from '../../engine-state.ts';
import type { ApprovalPlan } from '../../environment-spec.ts';
import { CONTROL_SHARE } from '../../guard.ts';
import type { Reading } from '../../judge/index.ts';
import { judgeOf, plannedSteps } from '../../steps.ts';
import type { Instant, Invariant } from './instant.ts';
import { isPromotion } from './rollout-log.ts';

/** What is known of one rollout. */
interface Record {
  readonly started: RolloutStarted;
  /** What the environment asks for when it begins, and the plan that it goes by. */
  readonly approval: ApprovalPlan;
  readonly plan: Rollout['plan'];
  /** Names of the gates that must pass. */
  readonly gates: readonly string[];
  readonly passed: Set<string>;
  readonly approvals: readonly RolloutApproved[];
  ended: RolloutEnded | null;
}

export function promotedOnlyWhenAllowed(): Invariant {
  const records = new Map<string, Record>();
  let previous: Record | null = null;
  return {
    name: 'I8',
    check(instant) {
      for (const entry of instant.entries) {
        const { rollout } = dataOf<{ rollout?: string }>(entry);
        const record = rollout === undefined ? undefined : records.get(rollout);
        if (entry.kind === 'rollout.started') {
          const started = dataOf<RolloutStarted>(entry);
          records.set(started.rollout, (previous = beginning(started, instant.state, previous)));
        } else if (record === undefined) {
          continue;
        } else if (entry.kind === 'rollout.gated') {
          const { gate, result } = dataOf<RolloutGated>(entry);
          if (result === 'passed') record.passed.add(gate);
        } else if (entry.kind === 'rollout.approved') {
          records.set(record.started.rollout, (previous = withApproval(record, dataOf<RolloutApproved>(entry))));
        } else if (entry.kind === 'rollout.ended') {
          const complaint = endingComplaint(record, dataOf<Ended>(entry), instant);
          if (complaint !== null) return complaint;
        }
      }
      return [...records.values()].map((record) => exposureComplaint(record, instant)).find(isTold) ?? null;
    },
  };
}

type Ended = RolloutEnded & { readonly reading: Reading };

function isTold(complaint: string | null): complaint is string {
  return complaint !== null;
}

/** A retry of what was aborted keeps its approvals; whatever else begins is asked for anew. */
function beginning(started: RolloutStarted, state: EnvironmentState, previous: Record | null): Record {
  const own = state.rollout?.id === started.rollout ? state.rollout : null;
  const plan = own?.plan ?? state.spec.strategy;
  const { approval, gates } = state.spec;
  const retried = previous?.started.candidate === started.candidate && previous.ended?.outcome === 'aborted';
  const asked = started.kind === 'deploy';
  return {
    started,
    approval: asked ? approval : { count: 0, by: [], expires: null },
    plan,
    gates: asked ? gatesOf({ plan, gates, kind: started.kind, stable: started.stable }) : [],
    passed: new Set(),
    approvals: retried ? previous.approvals : [],
    ended: null,
  };
}

function gatesOf(rollout: Parameters<typeof plannedSteps>[0]): readonly string[] {
  return plannedSteps(rollout).flatMap((step) => (step.kind === 'gates' ? step.orders.map(({ gate }) => gate) : []));
}

function withApproval(record: Record, approval: RolloutApproved): Record {
  return { ...record, approvals: [...record.approvals, approval] };
}

/** Two people are two names; each must be one of those who may, if any are named. */
function approvalsMissing({ approval, approvals }: Record, digest: string | undefined): number {
  const { count, by } = approval;
  const may = approvals.filter((one) => {
    const named = by.length === 0 || by.includes(one.by) || one.groups.some((group) => by.includes(group));
    return named && one.digest === digest;
  });
  return count - new Set(may.map((one) => one.by)).size;
}

function endingComplaint(record: Record, end: Ended, { state, observation }: Instant): string | null {
  const { started, plan, gates, passed } = record;
  const { rollout, candidate, outcome, reading } = end;
  if (record.ended !== null) return `${rollout} has ended twice, the second time as ${outcome}`;
  record.ended = end;
  if (!isPromotion(end)) return null;
  const missing = approvalsMissing(record, state.releases[candidate]?.digest);
  if (missing > 0) return `${rollout} was promoted with ${missing} of ${record.approval.count} approvals missing`;
  const open = gates.filter((gate) => !passed.has(gate));
  if (open.length > 0) return `${rollout} was promoted although ${open.join(' and ')} had not passed`;
  if (outcome === 'promoted' && isJudged(plan) && reading.verdict.kind === 'fail' && !judgeOf(plan).dry) {
    return `${rollout} was promoted although ${reading.sentence}`;
  }
  // When the next rollout has begun or all was removed at the same instant, the split that is seen is of that.
  if (state.rollout?.id !== started.rollout || state.removed) return null;
  const all = state.rollout.guardUntil === null ? 1 : 1 - CONTROL_SHARE;
  return (observation.traffic?.[candidate] ?? 0) < all - SMALLEST
    ? `${rollout} was promoted before all requests went to #${candidate}`
    : null;
}

const SMALLEST = 1e-9;

/** Nobody judges a rolling plan, nor a blue-green one that does not ask for it. */
function isJudged(plan: Rollout['plan']): boolean {
  return plan.kind === 'canary' || (plan.kind === 'blueGreen' && plan.after.judge !== null);
}

/** Nothing is shown to users before it is approved, nor before the gates where the plan has a preview for them. */
function exposureComplaint(record: Record, { state, effects }: Instant): string | null {
  const { started, plan, gates, passed, ended } = record;
  if (ended !== null || state.rollout?.id !== started.rollout) return null;
  const { candidate } = started;
  const rises = effects.some(({ effect, seen }) => {
    return effect.kind === 'route' && (effect.shares[candidate] ?? 0) > (seen.traffic?.[candidate] ?? 0) + SMALLEST;
  });
  if (!rises) return null;
  if (approvalsMissing(record, state.releases[candidate]?.digest) > 0) {
    return `#${candidate} was exposed before it was approved`;
  }
  const open = plan.kind === 'blueGreen' ? gates.filter((gate) => !passed.has(gate)) : [];
  return open.length > 0 ? `#${candidate} was exposed before ${open.join(' and ')} had passed` : null;
}
