/**
 * The rollout engine: a pure function of what is remembered, what is observed and the time. No I/O, no timers, no
 * randomness: the same inputs give the same decision.
 */

import { isDeepStrictEqual } from 'node:util';
import { withoutExpired } from './approvals.ts';
import { advance } from './advance/index.ts';
import type { Effect } from './effect.ts';
import { type DeliveryEntry, environmentChanged, environmentGone } from './entries.ts';
import type { EnvironmentState } from './engine-state.ts';
import { startQueued } from './deploying.ts';
import { forget } from './forget.ts';
import { guard } from './guarding.ts';
import { look, lookMayWait } from './look.ts';
import type { Observation } from './observation.ts';
import { withoutOld, withoutWithheld } from './setbacks.ts';
import { snapshotOf } from './snapshot.ts';
import type { Turn } from './turn.ts';
import { commandedNow, wantedEffects } from './wants.ts';

export interface Decision {
  readonly state: EnvironmentState;
  readonly effects: readonly Effect[];
  readonly entries: readonly DeliveryEntry[];
}

/** `now` is engine time in milliseconds. */
export function decide(state: EnvironmentState, observation: Observation, now: number): Decision {
  const looked = look({ state, entries: [], now }, observation);
  const decision = follow(looked, observation);
  // Everything is decided with the newest counters; a look from which nothing followed need not be written each time.
  const idle = decision.state === looked.state && decision.entries === looked.entries && decision.effects.length === 0;
  return idle && lookMayWait(state, looked) ? { state, effects: [], entries: [] } : decision;
}

/** What follows from what is known now. Returns the parts of `looked` themselves where nothing does. */
function follow(looked: Turn, observation: Observation): Decision {
  const { now } = looked;
  const moved = guard(advance(withoutExpired(looked), observation), observation);
  const advanced = forget(startQueued(moved), observation);
  const wanted = wantedEffects(advanced.state, observation, now);
  const effects = withoutWithheld(advanced.state, wanted, now);
  const current = withoutOld(advanced.state, wanted);
  const route = effects.find((effect) => effect.kind === 'route');
  const commanded = route === undefined ? current : { ...current, commanded: commandedNow(current, route, now) };
  const { state, entries } = goneWhenEmpty(told({ ...advanced, state: commanded }, observation), observation);
  return { state, entries, effects };
}

/** Adds the entry that says what has changed for whoever looks, when something has. */
function told(turn: Turn, observation: Observation): Turn {
  const snapshot = snapshotOf(turn.state, observation, turn.now);
  const { told: before } = turn.state;
  if (isDeepStrictEqual(before, snapshot)) return turn;
  return {
    ...turn,
    state: { ...turn.state, told: snapshot },
    entries: [...turn.entries, environmentChanged(snapshot)],
  };
}

/** Tells, once, that a removed environment is no more: nothing is exposed and nothing runs. */
function goneWhenEmpty(turn: Turn, { releases, traffic }: Observation): Turn {
  const { state } = turn;
  const nothingLeft =
    Object.keys(releases).length === 0 && traffic !== null && Object.values(traffic).every((share) => share === 0);
  if (!state.removed || state.gone || !nothingLeft) return turn;
  return { ...turn, state: { ...state, gone: true }, entries: [...turn.entries, environmentGone()] };
}
