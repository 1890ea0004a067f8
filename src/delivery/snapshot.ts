/** What is told of an environment whenever it changes: the fold of these entries is `status`. */

import type { EnvironmentChanged } from './entries.ts';
import type { EnvironmentState } from './engine-state.ts';
import { guardOf } from './guard.ts';
import type { Observation } from './observation.ts';
import { blockedIn } from './setbacks.ts';
import { plannedSteps } from './steps.ts';
import { activeRollout, phaseOf } from './turn.ts';
import { waitOf } from './waits.ts';
import { wantedReplicas } from './wants.ts';

export function snapshotOf(state: EnvironmentState, observation: Observation, now: number): EnvironmentChanged {
  const active = activeRollout(state);
  const guard = guardOf(state);
  const blocked = blockedIn(state);
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
    wanted: wantedReplicas(state, { observation, now }),
    outcome: state.rollout?.outcome ?? null,
    wait: active === null ? null : waitOf(active),
    queued: state.queued?.release ?? null,
    leaving: state.leaving.map(({ release }) => release),
    guard: guard === null ? null : { control: guard.control, since: guard.rollout.endedAt ?? now, until: guard.until },
    ...(blocked.length === 0 ? {} : { blocked }),
  };
}
