/** Effects that failed: remembered while they are still wanted, and tried ever less often, so that trouble stays quiet. */

import { isDeepStrictEqual } from 'node:util';
import { formatShare } from '../kernel/quantity.ts';
import type { Effect } from './effect.ts';
import type { EnvironmentState, Setback } from './engine-state.ts';
import type { Blocked } from './entries.ts';
import { sameRouting } from './shares.ts';

/** A failed effect is tried again after this long, then after twice as long, and so on … */
const RETRY_AFTER = 1000;
/** … up to these: a split that should be taken back can't wait for long once the router is there again. */
const LONGEST_WAIT: Readonly<Record<Effect['kind'], number>> = { route: 5000, scale: 30_000, gates: 30_000 };

/** What an effect is about: a failure counts until another attempt at the same thing succeeds. */
function slotOf(effect: Effect): string {
  return effect.kind === 'scale' ? `scale ${effect.release}` : effect.kind;
}

/** Of the wanted effects those that have not just failed. Another wish about the same thing is tried at once. */
export function withoutWithheld(state: EnvironmentState, wanted: readonly Effect[], now: number): readonly Effect[] {
  return wanted.filter((effect) => {
    const setback = setbackOf(state, effect);
    if (setback === undefined) return true;
    return now - setback.at >= Math.min(LONGEST_WAIT[effect.kind], RETRY_AFTER * 2 ** (setback.count - 1));
  });
}

/** Forgets the failures of what is not wanted any more. */
export function withoutOld(state: EnvironmentState, wanted: readonly Effect[]): EnvironmentState {
  const slots = Object.keys(state.setbacks);
  const current = wanted.filter((effect) => setbackOf(state, effect) !== undefined).map(slotOf);
  if (slots.every((slot) => current.includes(slot))) return state;
  const setbacks = Object.fromEntries(Object.entries(state.setbacks).filter(([slot]) => current.includes(slot)));
  return { ...state, setbacks };
}

export interface Attempt {
  readonly result: 'done' | { readonly failed: string; readonly hint?: string };
  /** Engine time. */
  readonly now: number;
}

/** Remembers how it went; a split that may not have been taken over is not relied on. */
export function afterEffect(state: EnvironmentState, effect: Effect, { result, now }: Attempt): EnvironmentState {
  const slot = slotOf(effect);
  const { [slot]: before, ...others } = state.setbacks;
  if (result === 'done') return before === undefined ? state : { ...state, setbacks: others };
  const again = setbackOf(state, effect);
  const { failed: message, ...hint } = result;
  const setback: Setback = {
    effect,
    count: (again?.count ?? 0) + 1,
    at: now,
    since: again?.since ?? again?.at ?? now,
    message,
    ...hint,
  };
  const commanded = effect.kind === 'route' ? null : state.commanded;
  return { ...state, commanded, setbacks: { ...others, [slot]: setback } };
}

/** What has failed once may have met a world that was just moving, which is no news: it is tried again at once. */
const NEWS_FROM = 2;

/** What can't be done, for people. How often it was tried is not part of it, so that it is told once. */
export function blockedIn({ setbacks }: EnvironmentState): readonly Blocked[] {
  const lasting = Object.values(setbacks).filter(({ count }) => count >= NEWS_FROM);
  return lasting.map(({ effect, at, since = at, message, hint = null }) => ({
    what: inWords(effect),
    since,
    message,
    hint,
  }));
}

function inWords(effect: Effect): string {
  switch (effect.kind) {
    case 'scale': {
      const { release, replicas } = effect;
      if (replicas === 0) return `stop #${release}`;
      return `run ${replicas} ${replicas === 1 ? 'replica' : 'replicas'} of #${release}`;
    }
    case 'route': {
      const shares = Object.entries(effect.shares).filter(([, share]) => share > 0);
      if (shares.length === 0) return 'take all requests away';
      return `send ${shares.map(([release, share]) => `${formatShare(share)} to #${release}`).join(' and ')}`;
    }
    case 'gates':
      return effect.runs.length === 0 ? 'stop the gates' : 'run the gates';
  }
}

function setbackOf(state: EnvironmentState, effect: Effect): Setback | undefined {
  const setback = state.setbacks[slotOf(effect)];
  return setback !== undefined && sameEffect(setback.effect, effect) ? setback : undefined;
}

function sameEffect(one: Effect, other: Effect): boolean {
  if (one.kind === 'route' && other.kind === 'route') return sameRouting(one, other);
  if (one.kind === 'gates' && other.kind === 'gates') return isDeepStrictEqual(one.runs, other.runs);
  return one.kind === 'scale' && other.kind === 'scale' && one.replicas === other.replicas;
}
