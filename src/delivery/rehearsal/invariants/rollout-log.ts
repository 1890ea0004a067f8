/** The rollouts as their entries tell them, for invariants that must not trust the state of the engine. */

import { dataOf, type RolloutEnded, type RolloutGuarded, type RolloutStarted } from '../../entries.ts';
import type { Instant } from './instant.ts';

export interface RolloutLog {
  /** Started and not ended, in order. */
  readonly open: readonly RolloutStarted[];
  /** Ended since the instant before, with how each began. */
  readonly ended: readonly { readonly started: RolloutStarted | undefined; readonly end: RolloutEnded }[];
  /** The environment was removed, now or since the instant before. */
  readonly removed: boolean;
  /** The release of the last promotion, or of the last rollback; `null` when there is none. */
  readonly lastPromoted: number | null;
  /** The promoted release that is watched, and the one before it; `null` when none is. */
  readonly guarded: Guarded | null;
  /** What an automatic rollback has gone to since the instant before, and where it should have. */
  readonly rolledBackByItself: readonly { readonly to: number | null; readonly expected: number }[];
}

export interface Guarded {
  readonly candidate: number;
  readonly control: number;
}

/** Reads one instant after the other. `serving` is promoted at the start. */
export function createRolloutLog(serving: number | null): (instant: Instant) => RolloutLog {
  let open: readonly RolloutStarted[] = [];
  let lastPromoted = serving;
  let guarded: Guarded | null = null;
  return ({ state, entries }) => {
    const ended: { started: RolloutStarted | undefined; end: RolloutEnded }[] = [];
    const rolledBackByItself: { to: number | null; expected: number }[] = [];
    const removed = state.removed || entries.some(({ kind }) => kind === 'environment.removed');
    for (const [index, entry] of entries.entries()) {
      const { kind } = entry;
      if (kind === 'environment.removed') [lastPromoted, guarded] = [null, null];
      if (kind === 'rollout.started') open = [...open, dataOf<RolloutStarted>(entry)];
      if (kind === 'rollout.guarded') {
        const failed = dataOf<RolloutGuarded>(entry).result === 'failed';
        if (failed && guarded !== null) {
          const next = entries.slice(index + 1).find((later) => later.kind === 'rollout.started');
          const started = next === undefined ? null : dataOf<RolloutStarted>(next);
          const to = started?.kind === 'rollback' ? started.candidate : null;
          rolledBackByItself.push({ to, expected: guarded.control });
        }
        guarded = null;
      }
      if (kind !== 'rollout.ended') continue;
      const end = dataOf<RolloutEnded>(entry);
      const started = open.find(({ rollout }) => rollout === end.rollout);
      open = open.filter(({ rollout }) => rollout !== end.rollout);
      ended.push({ started, end });
      if (!takesOver(end, started)) continue;
      lastPromoted = end.candidate;
      const watched = isPromotion(end) && end.stable !== null && end.stable !== end.candidate && state.spec.guard > 0;
      guarded = watched && end.stable !== null ? { candidate: end.candidate, control: end.stable } : null;
    }
    if (state.removed) lastPromoted = null;
    return { open, ended, removed, lastPromoted, guarded, rolledBackByItself };
  };
}

export function isPromotion({ outcome }: Pick<RolloutEnded, 'outcome'>): boolean {
  return outcome === 'promoted' || outcome === 'promotedByHand';
}

function takesOver(end: RolloutEnded, started: RolloutStarted | undefined): boolean {
  return isPromotion(end) || (end.outcome === 'rolledBack' && started?.kind === 'rollback');
}
