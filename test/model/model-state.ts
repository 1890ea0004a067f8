/** One state of the model: the engine as it would be saved, the world, the time, and what a witness remembers. */

import type { Effect } from '../../src/delivery/effect.ts';
import type { EnvironmentState } from '../../src/delivery/engine-state.ts';
import type { Observation } from '../../src/delivery/observation.ts';
import type { DeliveryEntry } from '../../src/delivery/entries.ts';
import type { World } from './world.ts';

export interface ModelState {
  readonly engine: EnvironmentState;
  readonly world: World;
  /** Engine time in milliseconds. */
  readonly now: number;
  readonly witness: Witness;
  /** How often each move may still be made; a name that is missing is not bounded. */
  readonly left: Readonly<Record<string, number>>;
}

/** What the invariants go by: seen from outside, so that they need not trust the engine's own memory. */
export interface Witness {
  readonly lastPromoted: number | null;
  /** Rollouts that were told to have started and not to have ended. */
  readonly open: readonly string[];
  /** The release that people have said yes to, since it was last deployed; `null` without a yes. */
  readonly approved: number | null;
  /** Ids of gate runs that have passed. */
  readonly passed: readonly string[];
  /** Release → time until which it must stay at full size after it was replaced. */
  readonly fullUntil: Readonly<Record<number, number>>;
  /** The candidate of the last rollout, when that was aborted. */
  readonly aborted: number | null;
}

/** What happened in one move: what the invariants judge. */
export interface Happening {
  readonly before: ModelState;
  readonly after: ModelState;
  readonly entries: readonly DeliveryEntry[];
  /** Effects in order, each with what was observed when it was decided, and the world just before it. */
  readonly effects: readonly { readonly effect: Effect; readonly seen: Observation; readonly world: World }[];
  /** Whether the engine looked. */
  readonly looked: boolean;
}
