/**
 * Invariant I10 by exhaustion: the rehearsal is run once without a crash, and once for every point at which an engine
 * can be killed, and each must come to the same end by the same way.
 */

import { isDeepStrictEqual } from 'node:util';
import type { EnvironmentState } from '../engine-state.ts';
import type { Rehearsal } from './rehearsal.ts';
import { performRehearsal, type RehearsalRun, type RunOptions } from './run-rehearsal.ts';

export interface CrashesResult {
  /** How many points there are, and so how many crashes were tried. */
  readonly points: number;
  readonly differences: readonly { readonly point: number; readonly message: string }[];
}

export async function rehearseCrashes(rehearsal: Rehearsal, options: RunOptions = {}): Promise<CrashesResult> {
  const whole = await performRehearsal(rehearsal, options);
  const differences: { point: number; message: string }[] = [];
  for (let point = 1; point <= whole.points; point += 1) {
    const crashed = await performRehearsal(rehearsal, { ...options, crashAt: new Set([point]) });
    for (const message of compareRuns(whole, crashed)) differences.push({ point, message });
  }
  return { points: whole.points, differences };
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
