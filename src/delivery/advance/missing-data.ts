/** No data are neither good nor bad (design.md section 4.7): what is missing, and how long it is waited for. */

import { formatDuration } from '../../kernel/quantity.ts';
import type { JudgeSettings } from '../environment-spec.ts';
import type { Reading } from '../judge/index.ts';
import { changeRollout, pause, resume, withinApplies } from '../turn.ts';
import { abort, type Moved, moved, type Scene, stay } from './scene.ts';

/**
 * Why the comparison has no data now, or `null`. Counters that can't be had, and a weight that has brought the candidate
 * no request, are neither good nor bad. Before any weight is in force nothing is missing, nor for a judge that never
 * acts. A first deployment is not compared: that nobody asks it for anything is no lack.
 */
export function missingData({ rollout, observation, reading }: Scene): string | null {
  const { judged, byHand, exposedAt, candidate } = rollout;
  if (!judged || byHand || exposedAt === null || rollout.judge.dry) return null;
  if (observation.counters === null) return 'the counters can not be had now';
  if (reading.verdict.kind === 'error') return reading.verdict.message;
  if (reading.verdict.kind === 'inconclusive' && reading.verdict.reason === 'sample-ratio') return reading.sentence;
  const seen = rollout.evidence.totals.candidate.requests - rollout.requestsAtStep;
  return seen > 0 || rollout.stable === null ? null : `#${candidate} has answered no request at this weight yet`;
}

/**
 * Metrics are a part of the world, so the wait for them has a deadline: `within` where that applies, else the plan's.
 * Then a person may decide without them (`rest` goes on when they return); no data are no reason to abort.
 */
export function waitForData(scene: Scene, because: string): Moved {
  const { turn, rollout } = scene;
  const { missingSince, plan } = rollout;
  if (missingSince === null) {
    const held = rollout.phase === 'paused' ? resume(turn, because) : turn;
    return { turn: changeRollout(held, { missingSince: turn.now, because }), moved: false };
  }
  if (withinApplies(rollout) || turn.now - missingSince < plan.deadline) return stay(scene, because);
  return moved(pause(turn, 'inconclusive', `${because} (for ${formatDuration(plan.deadline)})`));
}

/** The data are there: what is waited for now is something else, with a deadline of its own. */
export function withData(scene: Scene): Scene {
  if (scene.rollout.missingSince === null) return scene;
  return { ...scene, turn: changeRollout(scene.turn, { missingSince: null }) };
}

/** The time for a decision is over. */
export function undecided(scene: Scene, { within, inconclusive }: JudgeSettings, reading: Reading): Moved {
  const { turn } = scene;
  const because = `not decided within ${formatDuration(within)}: ${missingData(scene) ?? reading.sentence}`;
  if (inconclusive === 'abort') return abort(scene, because);
  return moved(pause(changeRollout(turn, { missingSince: null }), 'inconclusive', because));
}
