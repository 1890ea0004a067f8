/**
 * Requests that are compared with each other. A look with requests of one arm alone says nothing of the other, and where
 * traffic is low nearly every look is such: so it waits for those that follow, until both arms have been asked. When a
 * block ends follows from the requests alone, never from how they were answered, so the bad ones of it are shared out
 * between the arms as before (facts/rollouts.md section 9.1: an interval of any length).
 */

import { addCounts, type ArmCounts, NOTHING } from './counts.ts';

export interface Block {
  /** What waits to be compared. */
  readonly waiting: ArmCounts;
  /** The candidate's share of the requests in force meanwhile; `null` when unknown. */
  readonly share: number | null;
}

export const EMPTY: Block = { waiting: NOTHING, share: null };

/**
 * Adds a look. `complete`: all that was compared in this block, when it ends with this look. What waits is dropped when
 * the split changes: requests of another split belong to another comparison.
 */
export function addToBlock(
  { waiting, share }: Block,
  counts: ArmCounts,
  now: number | null,
): { readonly block: Block; readonly complete: ArmCounts | null } {
  const all = share === now ? addCounts(waiting, counts) : counts;
  const complete = all.candidate.requests > 0 && all.stable.requests > 0;
  return complete
    ? { block: { ...EMPTY, share: now }, complete: all }
    : { block: { waiting: all, share: now }, complete: null };
}
