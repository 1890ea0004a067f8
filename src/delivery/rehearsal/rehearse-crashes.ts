/**
 * Invariant I10 by exhaustion: the rehearsal is run once without a crash, and once for every point at which an engine
 * can be killed, and each must come to the same end by the same way.
 */

import { isDeepStrictEqual } from 'node:util';
import type { EnvironmentState } from '../engine-state.ts';
import type { Rehearsal } from './rehearsal.ts';
import { performRehearsal, type RehearsalRun, type RunOptions } from './run-rehearsal.ts';

export interface CrashesResult {
  /** How many points there are. */
  readonly points: number;
  /** By the point of the crash, or the first one where there are several in one run. */
  readonly differences: readonly { readonly point: number; readonly message: string }[];
}

export interface CrashOptions extends RunOptions {
  /** One run with a crash at each point whose number is a multiple of this, instead of one run for every point. */
  readonly every?: number;
}

export async function rehearseCrashes(rehearsal: Rehearsal, options: CrashOptions = {}): Promise<CrashesResult> {
  const { every, ...run } = options;
  const whole = await performRehearsal(rehearsal, run);
  const differences: { point: number; message: string }[] = [];
  for (const crashAt of crashesOf(whole.points, every)) {
    const crashed = await performRehearsal(rehearsal, { ...run, crashAt });
    const [point = 0] = crashAt;
    for (const message of compareRuns(whole, crashed)) differences.push({ point, message });
  }
  return { points: whole.points, differences };
}

/** The points at which each run is killed. A crash adds points of its own, so several reach further than there are. */
function crashesOf(points: number, every: number | undefined): readonly ReadonlySet<number>[] {
  const all = Array.from({ length: points }, (_, index) => index + 1);
  if (every === undefined) return all.map((point) => new Set([point]));
  return points < every ? [] : [new Set(all.flatMap((point) => [point * every]))];
}

function compareRuns(whole: RehearsalRun, crashed: RehearsalRun): readonly string[] {
  const found = crashed.result.failures.map(({ at, message }) => `at ${at / 1000} s: ${message}`);
  const same = (what: string, one: unknown, other: unknown): void => {
    if (!isDeepStrictEqual(one, other)) found.push(`${what} differs: ${brief(one)}, without the crash ${brief(other)}`);
  };
  for (const part of [
    'rollout',
    'queued',
    'stable',
    'kept',
    'leaving',
    'releases',
    'removed',
  ] as const satisfies (keyof EnvironmentState)[]) {
    same(part, crashed.state[part], whole.state[part]);
  }
  // Row by row the same split at the same time: so no weight dips and comes back.
  same('the timeline', crashed.result.timeline, whole.result.timeline);
  same('what users saw', crashed.result.users, whole.result.users);
  return found;
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)} …` : text;
}
