/** What the guard does: ends in peace, or rolls back a release that has turned out bad after its promotion. */

import { formatDuration } from '../kernel/quantity.ts';
import type { Guard } from './guard.ts';
import { guardOf } from './guard.ts';
import { judge } from './judge/index.ts';
import type { Observation } from './observation.ts';
import { endGuard } from './ending.ts';
import { startRollout } from './starting.ts';
import { changeRollout, type Turn } from './turn.ts';

/** So long no replica of a guarded release may be ready: a single one that is replaced takes less. */
const LONGEST_UNREADY = 10_000;

/**
 * Rolls back only to a release that can take over at once: when both are down the trouble is not the new one's, and
 * requests that fail here would fail there.
 */
export function guard(turn: Turn, observation: Observation): Turn {
  const before = guardOf(turn.state);
  if (before === null) return turn;
  const seen = withReadiness(turn, observation.releases[before.candidate]?.ready ?? 0);
  const kept = guardOf(seen.state) ?? before;
  const trouble = troubleOf(kept, observation, turn.now);
  if (trouble !== null && canTakeOver(kept.control, observation, turn.state.spec.replicas)) {
    const because = `the guard rolled back from #${kept.candidate}: ${trouble}`;
    const failed = endGuard(seen, 'failed', trouble);
    return startRollout(failed, { kind: 'rollback', candidate: kept.control, because });
  }
  if (turn.now < kept.until) return seen;
  if (trouble !== null) return endGuard(seen, 'ended', `${trouble}; #${kept.control} could not take over`);
  return endGuard(seen, 'passed', `nothing spoke against #${kept.candidate} for ${formatDuration(lengthOf(kept))}`);
}

function withReadiness(turn: Turn, ready: number): Turn {
  const { rollout } = turn.state;
  const since = rollout?.unreadySince ?? null;
  if (ready > 0) return since === null ? turn : changeRollout(turn, { unreadySince: null });
  return since === null ? changeRollout(turn, { unreadySince: turn.now }) : turn;
}

/** What proves the guarded release bad, or that it can't stay ready; `null` when nothing does. */
function troubleOf({ rollout, candidate }: Guard, { releases }: Observation, now: number): string | null {
  const { evidence, judge: settings, unreadySince } = rollout;
  const failure = releases[candidate]?.failure ?? null;
  if (failure !== null) return `#${candidate} can't stay ready: ${failure}`;
  if (unreadySince !== null && now - unreadySince >= LONGEST_UNREADY) {
    return `no replica of #${candidate} is ready any more for ${formatDuration(LONGEST_UNREADY)}`;
  }
  const { verdict, sentence } = judge(evidence, settings);
  return verdict.kind === 'fail' && !settings.dry ? sentence : null;
}

function canTakeOver(control: number, { releases }: Observation, replicas: number): boolean {
  const status = releases[control];
  return status !== undefined && status.failure === null && status.ready >= replicas;
}

function lengthOf({ rollout, until }: Guard): number {
  return until - (rollout.endedAt ?? until);
}
