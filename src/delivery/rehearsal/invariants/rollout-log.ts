/** The rollouts as their entries tell them, for invariants that must not trust the state of the engine. */

import { dataOf, type RolloutEnded, type RolloutStarted } from '../../entries.ts';
import type { Instant } from './instant.ts';

export interface RolloutLog {
  /** Started and not ended, in order. */
  readonly open: readonly RolloutStarted[];
  /** Ended since the instant before, with how each began. */
  readonly ended: readonly { readonly started: RolloutStarted | undefined; readonly end: RolloutEnded }[];
  /** The environment was removed, now or since the instant before. */
  readonly removed: boolean;
  /** The release of the last promotion, or of the last rollback by hand; `null` when there is none. */
  readonly lastPromoted: number | null;
}

/** Reads one instant after the other. `serving` is promoted at the start. */
export function createRolloutLog(serving: number | null): (instant: Instant) => RolloutLog {
  let open: readonly RolloutStarted[] = [];
  let lastPromoted = serving;
  return ({ state, entries }) => {
    const ended: { started: RolloutStarted | undefined; end: RolloutEnded }[] = [];
    const removed = state.removed || entries.some(({ kind }) => kind === 'environment.removed');
    for (const entry of entries) {
      const { kind } = entry;
      if (kind === 'environment.removed') lastPromoted = null;
      if (kind === 'rollout.started') {
        open = [...open, dataOf<RolloutStarted>(entry)];
      }
      if (kind !== 'rollout.ended') continue;
      const end = dataOf<RolloutEnded>(entry);
      const started = open.find(({ rollout }) => rollout === end.rollout);
      open = open.filter(({ rollout }) => rollout !== end.rollout);
      ended.push({ started, end });
      if (takesOver(end, started)) lastPromoted = end.candidate;
    }
    if (state.removed) lastPromoted = null;
    return { open, ended, removed, lastPromoted };
  };
}

function takesOver(end: RolloutEnded, started: RolloutStarted | undefined): boolean {
  if (end.outcome === 'promoted' || end.outcome === 'promotedByHand') return true;
  return end.outcome === 'rolledBack' && started?.kind === 'rollback';
}
