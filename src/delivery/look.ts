/** One look of the judge: what the counters say since the last one becomes evidence and an entry. */

import { rolloutLooked } from './entries.ts';
import type { EnvironmentState, Rollout } from './engine-state.ts';
import { judgedRollout } from './guard.ts';
import {
  addLook,
  type CounterBaseline,
  type Counts,
  countersSince,
  type Evidence,
  judge,
  NOTHING,
  withError,
} from './judge/index.ts';
import type { CounterRow, Observation, RequestSource } from './observation.ts';
import { plannedSteps } from './steps.ts';
import { changeRollout, type Turn } from './turn.ts';

/** What users have sent, and copies of it; who asked for the candidate is not like those who did not. */
const USERS: readonly RequestSource[] = ['split', 'mirror'];

/** … and what was sent to the candidate alone, by a gate: counted where no stable release is compared. */
const GATES: readonly RequestSource[] = [...USERS, 'direct'];

/**
 * Counters that can't be had leave everything as it is; counters that can't be right are remembered as an error and
 * not counted. Before the candidate gets requests the counters only become the baseline.
 */
export function look(turn: Turn, observation: Observation): Turn {
  const rollout = judgedRollout(turn.state);
  if (rollout === null || rollout.kind !== 'deploy' || observation.counters === null) return turn;
  const scene = { rollout, rows: observation.counters, share: shareOf(rollout, observation), at: turn.now };
  const main = lookFor(rollout, { ...scene, sources: USERS });
  const { ownEvidence } = rollout;
  const own = ownEvidence === null ? null : lookFor(ownEvidence, { ...scene, sources: sourcesOf(rollout) });
  const change: Partial<Rollout> = {
    ...(main === null ? {} : { evidence: main.evidence, baseline: main.baseline }),
    ...(own === null || ownEvidence === null
      ? {}
      : { ownEvidence: { step: ownEvidence.step, evidence: own.evidence, baseline: own.baseline } }),
  };
  if (main === null && own === null) return turn;
  if ((main?.counts ?? own?.counts ?? null) === null) return changeRollout(turn, change);
  const entry = rolloutLooked(rollout, {
    counts: main?.counts ?? NOTHING,
    reading: judge(main?.evidence ?? rollout.evidence, rollout.judge),
    at: turn.now,
    ...ownLook(rollout, own),
  });
  return changeRollout(turn, { ...change, lookedAt: turn.now }, entry);
}

/** What evidence is of, and the counters up to which it goes. */
interface Comparison {
  readonly evidence: Evidence;
  readonly baseline: CounterBaseline | null;
}

interface Looked extends Comparison {
  /** `null` when nothing was counted. */
  readonly counts: Counts | null;
}

interface Scene {
  readonly rollout: Rollout;
  readonly rows: readonly CounterRow[];
  readonly sources: readonly RequestSource[];
  readonly share: number | null;
  readonly at: number;
}

/** The next evidence; `null` when nothing has changed. */
function lookFor({ evidence, baseline }: Comparison, scene: Scene): Looked | null {
  const { rollout, rows, sources, share, at } = scene;
  const { candidate } = rollout;
  const stable = evidence.hasStable ? rollout.stable : null;
  const plan = { candidate, stable, sources, edge: evidence.slow?.edge ?? null, share };
  const reading = countersSince(baseline, rows, plan);
  if (reading.kind === 'error') return toldError({ evidence, baseline }, reading.message);
  const { counts } = reading;
  if (baseline === null) return { evidence, baseline: reading.baseline, counts: null };
  if (counts.candidate.requests + counts.stable.requests === 0) {
    // A split that has changed is remembered all the same: what comes next is dealt by it.
    const moved = baseline.share === share ? baseline : reading.baseline;
    return moved === baseline
      ? toldError({ evidence, baseline }, null)
      : { evidence: withError(evidence, null), baseline: moved, counts: null };
  }
  if (evidence.exposedAt === null && counts.candidate.requests === 0) {
    return { evidence, baseline: reading.baseline, counts: null };
  }
  return { evidence: addLook(evidence, counts, at), baseline: reading.baseline, counts };
}

function toldError({ evidence, baseline }: Comparison, message: string | null): Looked | null {
  const told = withError(evidence, message);
  return told === evidence ? null : { evidence: told, baseline, counts: null };
}

/** The candidate's share of the requests that is in force. */
function shareOf({ candidate }: Rollout, { traffic }: Observation): number | null {
  return traffic === null ? null : (traffic[candidate] ?? 0);
}

function sourcesOf(rollout: Rollout): readonly RequestSource[] {
  const step = plannedSteps(rollout)[rollout.ownEvidence?.step ?? -1];
  return step?.kind === 'judge' && step.counts === 'gates' ? GATES : USERS;
}

/** For the entry: what the judge step with evidence of its own has counted and says. */
function ownLook(rollout: Rollout, own: Looked | null) {
  const { ownEvidence } = rollout;
  const step = plannedSteps(rollout)[ownEvidence?.step ?? -1];
  if (ownEvidence === null || own === null || own.counts === null || step?.kind !== 'judge') return {};
  return { own: { step: ownEvidence.step, counts: own.counts, reading: judge(own.evidence, step.judge) } };
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
  const [rollout, after] = [judgedRollout(before), judgedRollout(looked.state)];
  if (rollout === null || after === null || rollout.lookedAt === null || looked.entries.length === 0) return false;
  const longest = Math.min(LONGEST_WAIT, (looked.now - rollout.stepAt) * WAIT_SHARE);
  if (looked.now - rollout.lookedAt >= longest) return false;
  return verdictsOf(rollout) === verdictsOf(after);
}

function verdictsOf(rollout: Rollout): string {
  const { evidence, ownEvidence, judge: settings } = rollout;
  const step = plannedSteps(rollout)[ownEvidence?.step ?? -1];
  const own =
    ownEvidence !== null && step?.kind === 'judge' ? judge(ownEvidence.evidence, step.judge).verdict.kind : '';
  return `${judge(evidence, settings).verdict.kind} ${own}`;
}
