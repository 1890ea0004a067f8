/** What a transition is decided from, and the few ways in which it can end. */

import { formatDuration } from '../../kernel/quantity.ts';
import type { Rollout } from '../engine-state.ts';
import type { Reading } from '../judge/index.ts';
import type { Observation } from '../observation.ts';
import { endRollout } from '../ending.ts';
import { changeRollout, pause, type Turn } from '../turn.ts';

export interface Scene {
  readonly turn: Turn;
  readonly rollout: Rollout;
  readonly observation: Observation;
  /** What the rollout's own judge says. */
  readonly reading: Reading;
}

export interface Moved {
  readonly turn: Turn;
  /** Whether a further transition may follow at once. */
  readonly moved: boolean;
}

export const moved = (turn: Turn): Moved => ({ turn, moved: true });

/** Stays as it is: what is waited for was told when the wait began. */
export const still = ({ turn }: Scene): Moved => ({ turn, moved: false });

/** Stays, with the reason told. */
export function stay({ turn, rollout }: Scene, because: string): Moved {
  return { turn: rollout.because === because ? turn : changeRollout(turn, { because }), moved: false };
}

/** Aborts: users go back to the stable release. */
export function abort({ turn }: Scene, because: string): Moved {
  return moved(endRollout(turn, 'aborted', because));
}

/** How many replicas of the candidate serve. */
export function readyOf({ rollout, observation }: Scene): number {
  return observation.releases[rollout.candidate]?.ready ?? 0;
}

/** `waits for 3 ready replicas of #2`. */
export function waitsForReplicas({ rollout }: Scene, need: number): string {
  return `waits for ${need} ready replica${need === 1 ? '' : 's'} of #${rollout.candidate}`;
}

export interface WorldWait {
  /** Begins with `waits`. */
  readonly waiting: string;
  /** Engine time at which its deadline begins to run. */
  readonly since: number;
  /** In milliseconds; the plan's deadline when absent. */
  readonly limit?: number;
  /** What is so when it was in vain. */
  readonly found?: string;
}

/** Waits on the world have a deadline; what happens when it is over is up to the plan (invariant I9). */
export function awaitWorld(scene: Scene, { waiting, since, limit, found }: WorldWait): Moved {
  const { turn, rollout } = scene;
  const { deadline, onDeadline } = rollout.plan;
  const longest = limit ?? deadline;
  if (turn.now - since < longest) return stay(scene, waiting);
  const detail = found === undefined ? '' : ` (${found})`;
  const because = `${waiting.replace('waits', 'waited')} in vain for ${formatDuration(longest)}${detail}`;
  return onDeadline === 'abort' ? abort(scene, because) : moved(pause(turn, 'deadline', because));
}
