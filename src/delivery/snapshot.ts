/** What is told of an environment whenever it changes: the fold of these entries is `status`. */

import type { EnvironmentChanged, Wait } from './entries.ts';
import type { EnvironmentState, Rollout } from './engine-state.ts';
import type { Observation } from './observation.ts';
import { BUILT_IN_DWELL, plannedSteps } from './steps.ts';
import { activeRollout, phaseOf, withinApplies } from './turn.ts';
import { wantedReplicas } from './wants.ts';

export function snapshotOf(state: EnvironmentState, observation: Observation, now: number): EnvironmentChanged {
  const active = activeRollout(state);
  const ready: Record<number, number> = {};
  for (const [release, status] of Object.entries(observation.releases)) ready[Number(release)] = status.ready;
  return {
    phase: phaseOf(state),
    reason: active?.reason ?? null,
    step: active?.step ?? null,
    steps: active === null ? null : plannedSteps(active).length,
    because: state.rollout?.because ?? (state.stable === null ? 'nothing is deployed here yet' : ''),
    stable: state.stable,
    candidate: active?.candidate ?? null,
    shares: observation.traffic ?? state.commanded?.shares ?? {},
    ready,
    wanted: wantedReplicas(state, now),
    outcome: state.rollout?.outcome ?? null,
    wait: active === null ? null : waitOf(active),
  };
}

/** What the rollout waits for, since when, until when, and the one command that ends it (invariant I9). */
function waitOf(rollout: Rollout): Wait {
  const { because, stepAt, plan } = rollout;
  const step = plannedSteps(rollout)[rollout.step];
  const wait = (until: number | null, command: string | null): Wait => ({
    for: because,
    since: stepAt,
    until,
    command,
  });
  if (rollout.phase === 'paused') {
    if (rollout.reason === 'manual') return wait(null, 'slipway resume');
    if (rollout.reason === 'step' && step?.kind === 'pause' && step.duration !== 'manual') {
      return wait(stepAt + step.duration, 'slipway promote');
    }
    return wait(null, 'slipway promote');
  }
  const { inForceAt, exposedAt, missingSince } = rollout;
  const decided = (exposedAt ?? stepAt) + rollout.judge.within;
  if (missingSince !== null) {
    const until = withinApplies(rollout) ? decided : missingSince + plan.deadline;
    return { for: because, since: missingSince, until, command: 'slipway promote' };
  }
  if (inForceAt === null || step?.kind !== 'weight') return wait(stepAt + plan.deadline, 'slipway abort');
  const dwelt = inForceAt + (rollout.stable === null ? BUILT_IN_DWELL : step.atLeast);
  const until = step.pass ? Math.max(dwelt, decided) : dwelt;
  return { for: because, since: inForceAt, until, command: 'slipway promote --full' };
}
