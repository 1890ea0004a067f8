/** What the controller does with the engine, one round at a time, without a store, a journal or a clock. */

import { isDeepStrictEqual } from 'node:util';
import { type Command, obey } from '../../src/delivery/command.ts';
import { decide as realDecide } from '../../src/delivery/decide.ts';
import type { DeliveryEntry } from '../../src/delivery/entries.ts';
import type { EnvironmentState } from '../../src/delivery/engine-state.ts';
import type { Effect } from '../../src/delivery/effect.ts';
import { canonicalKey } from './canonical.ts';
import type { Happening, ModelState } from './model-state.ts';
import { afterEntries } from './witness.ts';
import { apply, observe, serve } from './world.ts';

/** The engine under test: the real one, or one with a planted fault. */
export interface Engine {
  readonly decide: typeof realDecide;
  /** What an engine that comes back from its store makes of what was saved, with the effects that were left open. */
  readonly recover: (saved: EnvironmentState, open: readonly Effect[]) => EnvironmentState;
}

export const REAL_ENGINE: Engine = {
  decide: realDecide,
  recover: (saved, open) => (open.some(({ kind }) => kind === 'route') ? { ...saved, commanded: null } : saved),
};

/**
 * One look: requests come, the engine observes and decides, its effects are done in order. With `crashAfter` it is
 * killed when so many effects were done and none of their outcomes was saved.
 */
export function look(before: ModelState, engine: Engine, crashAfter: number | null = null): Happening {
  return lookAt({ ...before, world: serve(before.world) }, engine, crashAfter);
}

/** A look before which no request came. */
function lookAt(before: ModelState, engine: Engine, crashAfter: number | null): Happening {
  const { now, world: served } = before;
  const seen = observe(served);
  const { state, effects, entries } = engine.decide(before.engine, seen, now);
  const done: Happening['effects'][number][] = [];
  let world = served;
  for (const effect of crashAfter === null ? effects : effects.slice(0, crashAfter)) {
    done.push({ effect, seen, world });
    world = apply(world, effect);
  }
  const after = crashAfter === null ? state : engine.recover(state, effects);
  const witness = afterEntries(before.witness, entries, { now, spec: state.spec, rollout: state.rollout });
  return { before, after: { ...before, engine: after, world, witness }, entries, effects: done, looked: true };
}

/** How many effects a look would have now: the points at which it can be killed. */
export function effectsOf({ engine: state, world, now }: ModelState, engine: Engine): number {
  return engine.decide(state, observe(serve(world)), now).effects.length;
}

/** Whether the same state and observation give the same decision (I6). */
export function decidesAlike({ engine: state, world, now }: ModelState, engine: Engine): boolean {
  const seen = observe(serve(world));
  return isDeepStrictEqual(engine.decide(state, seen, now), engine.decide(state, seen, now));
}

/** Looks until a look changes nothing more: where the engine comes to rest when nothing else happens; `null`: nowhere. */
export function settle(start: ModelState, engine: Engine, crashAfter: number | null = null): string | null {
  // Without requests: a crash costs time, and what is proven in it would be a difference of the world, not of the engine.
  let current = crashAfter === null ? start : lookAt(start, engine, crashAfter).after;
  let key = canonicalKey(current);
  for (let round = 0; round < 20; round += 1) {
    const next = lookAt(current, engine, null);
    const after = canonicalKey(next.after);
    if (next.effects.length === 0 && after === key) return key;
    [current, key] = [next.after, after];
  }
  return null;
}

/** A command, obeyed and saved; the look that follows is a move of its own. `null` when it was refused. */
export function order(before: ModelState, command: Command): Happening | null {
  const result = obey(before.engine, command, before.now);
  if (result.kind !== 'done') return null;
  const { state } = result.turn;
  const entries: readonly DeliveryEntry[] = result.turn.entries;
  const { now } = before;
  const witness = afterEntries(before.witness, entries, { now, spec: state.spec, rollout: state.rollout });
  return { before, after: { ...before, engine: state, witness }, entries, effects: [], looked: false };
}
