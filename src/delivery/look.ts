/** One look of the judge: what the counters say since the last one becomes evidence and an entry. */

import { rolloutLooked } from './entries.ts';
import { addLook, countersSince, judge, withError } from './judge/index.ts';
import type { Observation } from './observation.ts';
import { activeRollout, changeRollout, type Turn } from './turn.ts';

/**
 * Counters that can't be had leave everything as it is; counters that can't be right are remembered as an error and
 * not counted. Before the candidate gets requests the counters only become the baseline.
 */
export function look(turn: Turn, observation: Observation): Turn {
  const rollout = activeRollout(turn.state);
  if (rollout === null || rollout.kind !== 'deploy' || observation.counters === null) return turn;
  const { candidate, stable, baseline, evidence, plan } = rollout;
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
  const entry = rolloutLooked(rollout, { counts, reading: judge(next, plan.judge), at: turn.now });
  return changeRollout(turn, { evidence: next, baseline: reading.baseline }, entry);
}
