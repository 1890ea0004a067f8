/**
 * The guard: for a while after a promotion the release before it stays ready and gets a small share of the requests, so
 * that a late regression can still be compared and rolled back (facts/rollouts.md section 11.17). What a state says of it.
 */

import type { EnvironmentState, Rollout } from './engine-state.ts';
import type { EnvironmentSpec } from './environment-spec.ts';

/** Share of the requests that the release before gets as concurrent control. */
export const CONTROL_SHARE = 0.05;

export interface Guard {
  /** The promoted rollout whose release is watched. */
  readonly rollout: Rollout;
  readonly candidate: number;
  /** The release that it is compared with, and rolled back to. */
  readonly control: number;
  /** What `control` should get. Nothing where it is not compared. */
  readonly share: number;
  /** Engine time. */
  readonly until: number;
}

/**
 * Whether the guard has a concurrent control. Not with a sticky affinity, for no user is moved back, nor where requests go
 * by the number of replicas, for the release before is kept at full size.
 */
export function isCompared({ affinity, routing = 'exact' }: EnvironmentSpec): boolean {
  return affinity.kind === 'none' && routing === 'exact';
}

/** The guard that is kept now; `null` when there is none. */
export function guardOf({ rollout, removed, stable, spec }: EnvironmentState): Guard | null {
  if (rollout === null || removed || rollout.guardUntil === null || rollout.stable === null) return null;
  if (rollout.candidate !== stable) return null;
  const share = isCompared(spec) ? CONTROL_SHARE : 0;
  return { rollout, candidate: stable, control: rollout.stable, share, until: rollout.guardUntil };
}

/** The rollout whose evidence grows: the one under way, or a promoted one that is guarded. */
export function judgedRollout(state: EnvironmentState): Rollout | null {
  const { rollout } = state;
  return rollout !== null && rollout.outcome === null ? rollout : (guardOf(state)?.rollout ?? null);
}
