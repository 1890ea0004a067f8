/** One look of the judge: what the counters say since the last one becomes evidence and an entry. */

import { rolloutLooked } from './entries.ts';
import { addLook, countersSince, judge, withError } from './judge/index.ts';
import type { EnvironmentState } from './engine-state.ts';
import type { Observation } from './observation.ts';
import { activeRollout, changeRollout, type Turn } from './turn.ts';

/**
 * Counters that can't be had leave everything as it is; counters that can't be right are remembered as an error and
 * not counted. Before the candidate gets requests the counters only become the baseline.
 */
export function look(turn: Turn, observation: Observation): Turn {
  const rollout = activeRollout(turn.state);
  if (rollout === null || rollout.kind !== 'deploy' || observation.counters === null) return turn;
  const { candidate, stable, baseline, evidence } = rollout;
  const reading = countersSince(baseline, observation.counters, { candidate, stable });
  if (reading.kind === 'error') {
    const told = withError(evidence, reading.message);
    return told === evidence ? turn : changeRollout(turn, { evidence: told });
  }
  const { counts } = reading;
  const requests = counts.candidate.requests + counts.stable.requests;
  if (baseline === null) return changeRollout(turn, { baseline: reading.baseline });
  if (requests === 0) {
    const told = withError(evidence, null);
    return told === evidence ? turn : changeRollout(turn, { evidence: told });
  }
  if (rollout.exposedAt === null && counts.candidate.requests === 0) {
    return changeRollout(turn, { baseline: reading.baseline });
  }
  const next = addLook(evidence, counts);
  const entry = rolloutLooked(rollout, { counts, reading: judge(next, rollout.judge), at: turn.now });
  return changeRollout(turn, { evidence: next, baseline: reading.baseline, lookedAt: turn.now }, entry);
}

/** The longest time that a look may wait to be written down, in milliseconds. */
const LONGEST_WAIT = 60_000;
/** … as a share of the age of the step: in the first minute and a half of each step every look is written. */
const WAIT_SHARE = 0.01;

/**
 * Whether a look from which nothing followed may be left out: the old baseline stays then, so the next look counts its
 * requests too. Counts of one weight add up (facts/rollouts.md section 9.1: an interval may have any length), and a
 * change of anything ends the interval. So a pause of days costs an entry a minute, and an abort comes no later.
 */
export function lookMayWait(before: EnvironmentState, looked: Turn): boolean {
  const [rollout, after] = [activeRollout(before), activeRollout(looked.state)];
  if (rollout === null || after === null || rollout.lookedAt === null || looked.entries.length === 0) return false;
  const longest = Math.min(LONGEST_WAIT, (looked.now - rollout.stepAt) * WAIT_SHARE);
  if (looked.now - rollout.lookedAt >= longest) return false;
  const { judge: settings } = rollout;
  return judge(rollout.evidence, settings).verdict.kind === judge(after.evidence, settings).verdict.kind;
}
