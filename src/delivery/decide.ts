/**
 * The rollout engine: a pure function of what is remembered, what is observed and the time. No I/O, no timers, no
 * randomness: the same inputs give the same decision.
 */

import { canonicalJson } from '../kernel/digest.ts';
import { advance } from './advance.ts';
import type { Effect } from './effect.ts';
import { type DeliveryEntry, environmentChanged } from './entries.ts';
import type { EnvironmentState, KeptRelease } from './engine-state.ts';
import { look } from './look.ts';
import type { Observation } from './observation.ts';
import { snapshotOf } from './snapshot.ts';
import type { Turn } from './turn.ts';
import { reconcile } from './wants.ts';

export interface Decision {
  readonly state: EnvironmentState;
  readonly effects: readonly Effect[];
  readonly entries: readonly DeliveryEntry[];
}

/** `now` is engine time in milliseconds. */
export function decide(state: EnvironmentState, observation: Observation, now: number): Decision {
  const looked = look({ state, entries: [], now }, observation);
  const advanced = withoutStale(advance(looked, observation));
  const effects = reconcile(advanced.state, observation, now);
  const route = effects.find((effect) => effect.kind === 'route');
  const commanded =
    route === undefined ? advanced.state : { ...advanced.state, commanded: { shares: route.shares, at: now } };
  return { ...told({ ...advanced, state: commanded }, observation), effects };
}

/** Forgets kept releases beyond the environment's `keep`, once their time at full size is over. */
function withoutStale(turn: Turn): Turn {
  const { kept, spec } = turn.state;
  const stays = ({ fullUntil }: KeptRelease, index: number): boolean =>
    turn.now < fullUntil || index >= kept.length - spec.keep;
  const left = kept.filter(stays);
  return left.length === kept.length ? turn : { ...turn, state: { ...turn.state, kept: left } };
}

/** Adds the entry that says what has changed for whoever looks, when something has. */
function told(turn: Turn, observation: Observation): Omit<Decision, 'effects'> {
  const snapshot = snapshotOf(turn.state, observation, turn.now);
  const { told: before } = turn.state;
  const entry = environmentChanged(snapshot);
  if (before !== null && canonicalJson(environmentChanged(before).data) === canonicalJson(entry.data)) {
    return { state: turn.state, entries: turn.entries };
  }
  return { state: { ...turn.state, told: snapshot }, entries: [...turn.entries, entry] };
}
