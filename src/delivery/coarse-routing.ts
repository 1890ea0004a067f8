/**
 * What a split comes to where requests can't be dealt one by one: behind a plain Service each exposed release gets the
 * share of its ready replicas, whatever is commanded (facts/rollouts.md section 2.2 and trap T9).
 */

import type { EnvironmentSpec } from './environment-spec.ts';
import type { Shares } from './engine-state.ts';
import type { Observation } from './observation.ts';

/** A release may get so many times the share that its step asks for, and no more: 10 % must not become a half. */
const MOST_OFF = 2;

/** The split that is in force once these shares are taken over, by the replicas that are ready now. */
export function achievedShares(
  { routing = 'exact' }: Pick<EnvironmentSpec, 'routing'>,
  shares: Shares,
  { releases }: Observation,
): Shares {
  if (routing === 'exact') return shares;
  const ready = Object.keys(shares)
    .map(Number)
    .filter((release) => (shares[release] ?? 0) > 0)
    .map((release) => [release, releases[release]?.ready ?? 0] as const);
  const total = ready.reduce((sum, [, count]) => sum + count, 0);
  return total === 0 ? shares : Object.fromEntries(ready.map(([release, count]) => [release, count / total]));
}

/** A weight that is asked for and what would come of it. */
export interface Weight {
  readonly release: number;
  /** The release that gets the rest. */
  readonly other: number;
  readonly weight: number;
}

/** What the release would get when it is too much to be called that weight; `null` when it is near enough. */
export function excessOf(
  spec: Pick<EnvironmentSpec, 'routing'>,
  { release, other, weight }: Weight,
  observation: Observation,
): number | null {
  if (weight >= 1) return null;
  const share = achievedShares(spec, { [other]: 1 - weight, [release]: weight }, observation)[release] ?? 0;
  return share > weight * MOST_OFF ? share : null;
}
