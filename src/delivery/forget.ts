/** What the engine need not remember any longer, so that its record stays small however often it is deployed. */

import type { EnvironmentState, KeptRelease, LeavingRelease } from './engine-state.ts';
import type { Observation } from './observation.ts';
import type { Release } from './release.ts';
import type { Turn } from './turn.ts';
import { isExposed, stillLeaving } from './withdrawing.ts';

/**
 * How many of the newest releases are known by their content: the same one deployed again keeps its number. All of
 * them stay in the journal.
 */
const KNOWN_RELEASES = 20;

export function forget(turn: Turn, observation: Observation): Turn {
  const kept = stillKept(turn.state, turn.now);
  const leaving = notGone(turn, observation);
  const same = kept === turn.state.kept && leaving === turn.state.leaving;
  const state = same ? turn.state : { ...turn.state, kept, leaving };
  const releases = stillKnown(state, observation);
  if (releases === turn.state.releases && state === turn.state) return turn;
  return { ...turn, state: { ...state, releases } };
}

/** Without the releases beyond the environment's `keep`, once their time at full size is over. */
function stillKept({ kept, spec }: EnvironmentState, now: number): readonly KeptRelease[] {
  const stays = ({ fullUntil }: KeptRelease, index: number): boolean =>
    now < fullUntil || index >= kept.length - spec.keep;
  return kept.every(stays) ? kept : kept.filter(stays);
}

/** Without what has left, and what only stays because it is kept anyhow. */
function notGone({ state, now }: Turn, observation: Observation): readonly LeavingRelease[] {
  const kept = new Set(state.kept.map(({ release }) => release));
  const leaving = stillLeaving(state, observation);
  const stays = ({ release, until, carries }: LeavingRelease): boolean =>
    now < until || isExposed(release, state, observation) || (carries === true && !kept.has(release));
  return leaving.every(stays) ? leaving : leaving.filter(stays);
}

/** The newest, and all that serve, are kept, are under way, or still run. */
function stillKnown(state: EnvironmentState, observation: Observation): Readonly<Record<number, Release>> {
  const all = Object.values(state.releases);
  if (all.length <= KNOWN_RELEASES) return state.releases;
  const { rollout } = state;
  const needed = new Set([
    ...Object.keys(observation.releases).map(Number),
    ...Object.keys(observation.traffic ?? {}).map(Number),
    ...state.kept.map(({ release }) => release),
    state.stable,
    rollout?.candidate,
    rollout?.stable,
  ]);
  const oldest = state.lastRelease - KNOWN_RELEASES;
  const left = all.filter(({ number }) => number > oldest || needed.has(number));
  return left.length === all.length ? state.releases : Object.fromEntries(left.map((one) => [one.number, one]));
}
