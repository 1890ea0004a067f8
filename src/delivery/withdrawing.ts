/**
 * What becomes of releases that are not rolled out any more: kept ones stay warm, and the candidate of an ended rollout
 * stays while it is asked to, or carries requests until the stable release is large enough to take them over.
 */

import type { EnvironmentState, LeavingRelease, Shares } from './engine-state.ts';
import type { Observation } from './observation.ts';

/** How many replicas each kept release runs: all for its time, then one. */
export function keptReplicas({ kept, spec }: EnvironmentState, now: number): Record<number, number> {
  const wanted: Record<number, number> = {};
  const full = spec.replicas;
  for (const { release, fullUntil } of kept) wanted[release] = now < fullUntil ? full : Math.min(1, full);
  return wanted;
}

/** Whether it gets requests, or will as soon as the router has followed. */
export function isExposed(release: number, { commanded }: EnvironmentState, { traffic }: Observation): boolean {
  return (traffic?.[release] ?? 0) > 0 || (commanded?.shares[release] ?? 0) > 0;
}

/** Those that have not gone yet, and have not come back as something else. */
export function stillLeaving(
  { leaving, stable, rollout }: EnvironmentState,
  { releases }: Observation,
): readonly LeavingRelease[] {
  const back = rollout?.outcome === null ? rollout.candidate : null;
  const stays = ({ release }: LeavingRelease): boolean =>
    releases[release] !== undefined && release !== stable && release !== back;
  return leaving.every(stays) ? leaving : leaving.filter(stays);
}

/**
 * What leaving releases go on carrying: where the plan has made the stable release smaller, what that can't carry yet, of
 * the share `left` beside a candidate. Never more than they carry now, nor than their ready replicas can; nothing as soon
 * as the stable release is whole.
 */
export function carriedShares(state: EnvironmentState, observation: Observation, left: number): Shares {
  const { stable, spec, commanded } = state;
  const carried: Record<number, number> = {};
  if (stable === null || spec.replicas === 0) return carried;
  const capacityOf = (release: number): number => (observation.releases[release]?.ready ?? 0) / spec.replicas;
  const now = observation.traffic ?? commanded?.shares ?? {};
  let rest = left - capacityOf(stable);
  for (const { release } of stillLeaving(state, observation)
    .filter(({ carries }) => carries)
    .toReversed()) {
    const share = Math.min(now[release] ?? 0, capacityOf(release), rest);
    if (share < SMALLEST) continue;
    carried[release] = share;
    rest -= share;
  }
  return carried;
}

/** A share below this is what is left of rounding. */
const SMALLEST = 1e-9;

/** How many replicas each leaving release runs: what it has while it carries requests or is asked to stay, then none. */
export function leavingReplicas(
  state: EnvironmentState,
  { observation, carried, now }: { observation: Observation; carried: Shares; now: number },
): Record<number, number> {
  const wanted: Record<number, number> = {};
  for (const { release, until } of stillLeaving(state, observation)) {
    const desired = observation.releases[release]?.desired ?? 0;
    if ((carried[release] ?? 0) > 0) wanted[release] = desired;
    else if (now < until) wanted[release] = Math.min(desired, state.spec.replicas);
  }
  return wanted;
}
