/** What delivery writes into the journal of people who are asked, say yes and say no. */

import type { Digest } from '../kernel/digest.ts';
import type { DeliveryEntry } from './entries.ts';
import type { Rollout } from './engine-state.ts';
import type { Release } from './release.ts';

/** A release is there to be approved: by its digest, which is what is deployed then. */
export interface RolloutApprovalRequested {
  readonly rollout: string;
  readonly candidate: number;
  readonly digest: Digest;
  readonly image: Digest;
  readonly commit: string | null;
  /** How many must say yes, and who may; nobody named: anybody. */
  readonly needed: number;
  readonly by: readonly string[];
  /** Engine time at which nobody is waited for any longer; `null`: never. */
  readonly until: number | null;
  readonly at: number;
}

export function rolloutApprovalRequested(rollout: Rollout, release: Release): DeliveryEntry {
  const { id, candidate, approval, stepAt } = rollout;
  const data: RolloutApprovalRequested = {
    rollout: id,
    candidate,
    digest: release.digest,
    image: release.content.image,
    commit: release.revision?.commit ?? null,
    needed: approval.count,
    by: approval.by,
    until: approval.expires === null ? null : stepAt + approval.expires,
    at: stepAt,
  };
  return { kind: 'rollout.approvalRequested', data: { ...data, by: [...approval.by] } };
}

/** One yes to the release of a rollout. */
export interface RolloutApproved {
  readonly rollout: string;
  readonly candidate: number;
  /** Of the release that was approved. */
  readonly digest: Digest;
  readonly by: string;
  readonly groups: readonly string[];
  /** Whether somebody has checked that it was them. */
  readonly authenticated: boolean;
  /** It was the gate of a CI system, which vouches for whom it has asked. */
  readonly gate?: true;
  /** How many have said yes so far, and how many must. */
  readonly count: number;
  readonly needed: number;
  readonly at: number;
}

/** Of the newest approval of a rollout. */
export function rolloutApproved(
  { id, candidate, approval, approvals }: Rollout,
  { digest }: Pick<Release, 'digest'>,
): DeliveryEntry {
  const newest = approvals.at(-1);
  if (newest === undefined) throw new Error(`nobody has approved ${id}`);
  const { by, groups, authenticated, gate, at } = newest;
  const counted = { count: approvals.length, needed: approval.count };
  const vouched = gate === true ? { gate } : {};
  const data: RolloutApproved = {
    rollout: id,
    candidate,
    digest,
    by,
    groups,
    authenticated,
    ...vouched,
    ...counted,
    at,
  };
  return { kind: 'rollout.approved', data: { ...data, groups: [...groups] } };
}

/** One no: the rollout ends. */
export interface RolloutRejected {
  readonly rollout: string;
  readonly candidate: number;
  readonly by: string;
  readonly because: string | null;
  readonly authenticated: boolean;
  readonly at: number;
}

export function rolloutRejected(rejected: RolloutRejected): DeliveryEntry {
  return { kind: 'rollout.rejected', data: { ...rejected } };
}
