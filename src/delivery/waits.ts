/** Every wait explains itself (design.md section 4.8): what for, since when, until when, and the one command that ends it. */

import type { Wait } from './entries.ts';
import type { Rollout } from './engine-state.ts';
import { BUILT_IN_DWELL, gatesLimit, pauseBegins, plannedSteps, type WeightStep } from './steps.ts';
import { isApproved, withinApplies } from './turn.ts';

/** What a rollout under way waits for. A wait on the world has an end, one on a person a command (invariant I9). */
export function waitOf(rollout: Rollout): Wait {
  if (!isApproved(rollout)) return approvalWait(rollout);
  if (rollout.phase === 'paused') return pauseWait(rollout);
  const { because, missingSince, plan } = rollout;
  if (missingSince === null) return stepWait(rollout);
  const until = withinApplies(rollout) ? decidedBy(rollout) : missingSince + plan.deadline;
  return { for: because, since: missingSince, until, command: 'slipway promote' };
}

function approvalWait({ because, stepAt, approval: { expires } }: Rollout): Wait {
  const until = expires === null ? null : stepAt + expires;
  return { for: because, since: stepAt, until, command: 'slipway approve' };
}

function pauseWait(rollout: Rollout): Wait {
  const { because, stepAt, pausedAt, reason } = rollout;
  const wait: Wait = { for: because, since: stepAt, until: null, command: 'slipway promote' };
  if (reason === 'manual') return { ...wait, since: pausedAt ?? stepAt, command: 'slipway resume' };
  const step = plannedSteps(rollout)[rollout.step];
  if (reason !== 'step' || step?.kind !== 'pause' || step.duration === 'manual') return wait;
  return { ...wait, until: pauseBegins(rollout, step) + step.duration };
}

function stepWait(rollout: Rollout): Wait {
  const { because, stepAt, inForceAt, rolled, plan } = rollout;
  const step = plannedSteps(rollout)[rollout.step];
  const onWorld: Wait = { for: because, since: stepAt, until: stepAt + plan.deadline, command: 'slipway abort' };
  if (step === undefined) return onWorld;
  switch (step.kind) {
    case 'weight':
      return inForceAt === null ? onWorld : heldWait(rollout, step, inForceAt);
    case 'judge':
      return { ...onWorld, until: stepAt + step.judge.within, command: 'slipway promote --full' };
    case 'gates':
      return { ...onWorld, until: stepAt + gatesLimit(plan, step) };
    case 'roll':
      return { ...onWorld, until: (rolled?.at ?? stepAt) + plan.deadline };
    case 'pause':
    case 'replicas':
    case 'mirror':
    case 'preview':
      return onWorld;
  }
}

/** A weight that is in force stays for its time, and where it asks for `pass` until that is decided. */
function heldWait(rollout: Rollout, step: WeightStep, inForceAt: number): Wait {
  const dwelt = inForceAt + (rollout.stable === null ? BUILT_IN_DWELL : step.atLeast);
  const until = step.pass ? Math.max(dwelt, decidedBy(rollout)) : dwelt;
  return { for: rollout.because, since: inForceAt, until, command: 'slipway promote --full' };
}

/** When `within` is over in a plan to which it applies. */
function decidedBy({ exposedAt, stepAt, judge }: Rollout): number {
  return (exposedAt ?? stepAt) + judge.within;
}
