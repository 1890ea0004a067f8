/** How a rollout moves by itself: from what is observed and the time, one transition after another. */

import { formatDuration, formatShare } from '../kernel/quantity.ts';
import type { Rollout } from './engine-state.ts';
import { judge, type Reading } from './judge/index.ts';
import type { Observation } from './observation.ts';
import { BUILT_IN_DWELL, plannedSteps, replicasFor, type WeightStep } from './steps.ts';
import { activeRollout, changeRollout, endRollout, enterStep, pause, resume, type Turn } from './turn.ts';
import { inForce, wantedShares } from './wants.ts';

interface Scene {
  readonly turn: Turn;
  readonly rollout: Rollout;
  readonly observation: Observation;
  readonly reading: Reading;
}

/** More transitions at one instant than this are a bug, not a plan. */
const MOST_TRANSITIONS = 1000;

/** Carries the rollout as far as the observation allows. Nothing under way: nothing happens. */
export function advance(turn: Turn, observation: Observation): Turn {
  let current = turn;
  for (let round = 0; round < MOST_TRANSITIONS; round += 1) {
    const rollout = activeRollout(current.state);
    if (rollout === null) return current;
    const reading = judge(rollout.evidence, rollout.plan.judge);
    const { turn: next, moved } = move({ turn: current, rollout, observation, reading });
    current = next;
    if (!moved) return current;
  }
  throw new Error(`the rollout ${turn.state.rollout?.id} does not come to rest`);
}

interface Moved {
  readonly turn: Turn;
  /** Whether a further transition may follow at once. */
  readonly moved: boolean;
}

const moved = (turn: Turn): Moved => ({ turn, moved: true });

/** Stays, with the reason told. */
function stay({ turn, rollout }: Scene, because: string): Moved {
  return { turn: rollout.because === because ? turn : changeRollout(turn, { because }), moved: false };
}

function move(scene: Scene): Moved {
  const { turn, rollout, observation, reading } = scene;
  const failure = observation.releases[rollout.candidate]?.failure ?? null;
  if (failure !== null) {
    return moved(endRollout(turn, 'aborted', `#${rollout.candidate} can't stay ready: ${failure}`));
  }
  // A proven regression ends it whatever else is waited for (facts/rollouts.md, trap T24).
  if (rollout.judged && reading.verdict.kind === 'fail' && !rollout.plan.judge.dry) {
    return moved(endRollout(turn, 'aborted', reading.sentence));
  }
  if (rollout.phase === 'paused' && rollout.reason !== 'step') return { turn, moved: false };
  const step = plannedSteps(rollout.plan)[rollout.step];
  if (step === undefined) throw new Error(`the plan of ${rollout.id} has no step ${rollout.step}`);
  if (step.kind === 'weight') return rollout.inForceAt === null ? reach(scene, step) : hold(scene, step);
  if (step.duration === 'manual' && rollout.phase === 'paused') return { turn, moved: false };
  const over = step.duration === 'manual' || turn.now - rollout.stepAt >= step.duration;
  return over ? goOn(scene) : { turn, moved: false };
}

/** Waits until the weight's replicas are ready and requests really get the weight. */
function reach(scene: Scene, step: WeightStep): Moved {
  const { turn, rollout, observation } = scene;
  const { candidate, plan } = rollout;
  const need = replicasFor(step.weight, turn.state.spec.replicas);
  const ready = observation.releases[candidate]?.ready ?? 0;
  const shares = wantedShares(turn.state, observation);
  if (ready >= need && inForce(observation, shares)) {
    const exposedAt = rollout.exposedAt ?? turn.now;
    const requestsAtStep = rollout.evidence.totals.candidate.requests;
    return moved(changeRollout(turn, { inForceAt: turn.now, exposedAt, requestsAtStep }));
  }
  const waiting =
    ready < need
      ? `waits for ${need} ready replica${need === 1 ? '' : 's'} of #${candidate}`
      : `waits until ${formatShare(step.weight)} of the requests go to #${candidate}`;
  if (turn.now - rollout.stepAt < plan.deadline) return stay(scene, waiting);
  const because = `${waiting.replace('waits', 'waited')} in vain for ${formatDuration(plan.deadline)} (${ready} of ${need} ready)`;
  return moved(plan.onDeadline === 'abort' ? endRollout(turn, 'aborted', because) : pause(turn, 'deadline', because));
}

/** The weight is in force: stays for its time, for its `pass`, and for the data that the next weight asks for. */
function hold(scene: Scene, step: WeightStep): Moved {
  const { turn, rollout, reading } = scene;
  const { plan, candidate } = rollout;
  const age = turn.now - (rollout.inForceAt ?? turn.now);
  if (!rollout.judged) return goOn(scene);
  if (rollout.stable === null) return holdFirst(scene, age);
  const undecidedPlan = plan.steps === null && !rollout.byHand;
  const overdue = undecidedPlan && turn.now - (rollout.exposedAt ?? turn.now) >= plan.judge.within;
  if (overdue && (step.pass || missingData(scene) !== null)) return undecided(scene);
  if (age < step.atLeast) {
    return stay(
      scene,
      `#${candidate} stays at ${formatShare(step.weight)} for at least ${formatDuration(step.atLeast)}`,
    );
  }
  if (step.pass && reading.verdict.kind !== 'pass' && !rollout.byHand) {
    return stay(scene, `waits for the judge at ${formatShare(step.weight)}`);
  }
  return goOn(scene);
}

/** A first deployment has nothing to be compared with: proven within the SLO, or not proven bad for a while. */
function holdFirst(scene: Scene, age: number): Moved {
  const { turn, rollout, reading } = scene;
  if (reading.verdict.kind === 'pass') return goOn(scene);
  const unseen = unusableCounters(scene);
  if (unseen !== null) {
    if (turn.now - (rollout.exposedAt ?? turn.now) >= rollout.plan.judge.within) return undecided(scene);
    const since = rollout.missingSince === null ? changeRollout(turn, { missingSince: turn.now }) : turn;
    return stay({ ...scene, turn: since }, `waits for metrics: ${unseen}`);
  }
  if (age >= BUILT_IN_DWELL) return goOn(scene);
  const seen = rollout.missingSince === null ? turn : changeRollout(turn, { missingSince: null });
  return stay(
    { ...scene, turn: seen },
    `#${rollout.candidate} is the first release: watched for ${formatDuration(BUILT_IN_DWELL)} or until it is proven`,
  );
}

/** Why the counters tell nothing now, or `null`. */
function unusableCounters({ observation, reading }: Scene): string | null {
  if (observation.counters === null) return 'the counters can not be had now';
  return reading.verdict.kind === 'error' ? reading.verdict.message : null;
}

/** The time for a decision is over. */
function undecided(scene: Scene): Moved {
  const { turn, rollout, reading } = scene;
  const { within, inconclusive } = rollout.plan.judge;
  const because = `not decided within ${formatDuration(within)}: ${missingData(scene) ?? reading.sentence}`;
  return moved(inconclusive === 'abort' ? endRollout(turn, 'aborted', because) : pause(turn, 'inconclusive', because));
}

/** Ends the present step: the next one, or the end of the plan. A higher weight is not entered while data are missing. */
function goOn(scene: Scene): Moved {
  const { turn, rollout } = scene;
  const steps = plannedSteps(rollout.plan);
  const direct = rollout.stable === null || rollout.kind === 'rollback';
  const next = steps[rollout.step + 1];
  if (next === undefined || direct) return moved(finish(scene));
  const missing = next.kind === 'weight' ? missingData(scene) : null;
  if (missing === null) return moved(enterStep(turn, rollout.step + 1, 'the step before it is done'));
  const because = `waits for metrics before a higher weight: ${missing}`;
  if (rollout.missingSince === null) {
    const held = rollout.phase === 'paused' ? resume(turn, because) : turn;
    return { turn: changeRollout(held, { missingSince: turn.now, because }), moved: false };
  }
  if (turn.now - rollout.missingSince < rollout.plan.deadline) return stay(scene, because);
  return moved(pause(turn, 'inconclusive', `${because} (for ${formatDuration(rollout.plan.deadline)})`));
}

function finish({ turn, rollout, reading }: Scene): Turn {
  if (rollout.kind === 'rollback') {
    return endRollout(turn, 'rolledBack', `all requests go to #${rollout.candidate} again, as asked`);
  }
  if (rollout.byHand) return endRollout(turn, 'promotedByHand', `promoted by hand; ${reading.sentence}`);
  return endRollout(turn, 'promoted', reading.sentence);
}

/**
 * Why the comparison has no data now, or `null`. Counters that can't be had, and a weight that has brought the candidate
 * no request, are neither good nor bad (design.md section 4.7). Before any weight is in force nothing is missing.
 */
function missingData(scene: Scene): string | null {
  const { rollout } = scene;
  if (!rollout.judged || rollout.byHand || rollout.exposedAt === null) return null;
  const unusable = unusableCounters(scene);
  if (unusable !== null) return unusable;
  const seen = rollout.evidence.totals.candidate.requests - rollout.requestsAtStep;
  return seen > 0 ? null : `#${rollout.candidate} has answered no request at this weight yet`;
}
