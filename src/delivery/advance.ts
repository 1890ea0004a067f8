/** How a rollout moves by itself: from what is observed and the time, one transition after another. */

import { formatDuration, formatShare } from '../kernel/quantity.ts';
import type { Rollout } from './engine-state.ts';
import { judge, type Reading } from './judge/index.ts';
import type { Observation } from './observation.ts';
import { BUILT_IN_DWELL, plannedSteps, replicasFor, type WeightStep } from './steps.ts';
import {
  activeRollout,
  changeRollout,
  endRollout,
  enterStep,
  nextStep,
  pause,
  resume,
  takeOver,
  type Turn,
  withinApplies,
} from './turn.ts';
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
  let current = withCarried(turn, observation);
  for (let round = 0; round < MOST_TRANSITIONS; round += 1) {
    const rollout = activeRollout(current.state);
    if (rollout === null) return current;
    const reading = judge(rollout.evidence, rollout.judge);
    const { turn: next, moved } = move({ turn: current, rollout, observation, reading });
    current = next;
    if (!moved) return current;
  }
  throw new Error(`the rollout ${turn.state.rollout?.id} does not come to rest`);
}

/** Once the replicas that a weight needs at the present size are ready, it can be held to them. */
function withCarried(turn: Turn, observation: Observation): Turn {
  const rollout = activeRollout(turn.state);
  if (!rollout?.carried) return turn;
  const { weight, replicas } = rollout.carried;
  const need = replicasFor(weight, turn.state.spec.replicas);
  const ready = observation.releases[rollout.candidate]?.ready ?? 0;
  return need === replicas || ready < need ? turn : changeRollout(turn, { carried: { weight, replicas: need } });
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
  if (rollout.judged && reading.verdict.kind === 'fail' && !rollout.judge.dry) {
    return moved(endRollout(turn, 'aborted', reading.sentence));
  }
  if (rollout.phase === 'paused' && rollout.reason !== 'step') return rest(scene);
  const step = plannedSteps(rollout)[rollout.step];
  if (step === undefined) throw new Error(`the plan of ${rollout.id} has no step ${rollout.step}`);
  if (step.kind === 'weight') return rollout.inForceAt === null ? reach(scene, step) : hold(scene, step);
  if (step.kind !== 'pause') throw new Error(`a step of the kind ${step.kind} is not walked yet`);
  if (step.duration === 'manual' && rollout.phase === 'paused') return { turn, moved: false };
  const over = step.duration === 'manual' || turn.now - rollout.stepAt >= step.duration;
  return over ? goOn(scene) : { turn, moved: false };
}

/** Held until a person decides; only missing data end such a pause by themselves, when they return. */
function rest(scene: Scene): Moved {
  const { turn, rollout } = scene;
  const forData = rollout.reason === 'inconclusive' && rollout.missingSince !== null;
  return forData && missingData(scene) === null ? moved(resume(turn, 'the metrics are back')) : { turn, moved: false };
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
    const carried = { weight: step.weight, replicas: need };
    return moved(changeRollout(turn, { inForceAt: turn.now, exposedAt, requestsAtStep, carried }));
  }
  const waiting =
    ready < need
      ? `waits for ${need} ready replica${need === 1 ? '' : 's'} of #${candidate}`
      : `waits until ${formatShare(step.weight)} of the requests go to #${candidate}`;
  if (turn.now - rollout.stepAt < plan.deadline) return stay(scene, waiting);
  const setback = turn.state.setbacks[ready < need ? `scale ${candidate}` : 'route'];
  const why = setback === undefined ? '' : `; ${setback.message}`;
  const because = `${waiting.replace('waits', 'waited')} in vain for ${formatDuration(plan.deadline)} (${ready} of ${need} ready${why})`;
  return moved(plan.onDeadline === 'abort' ? endRollout(turn, 'aborted', because) : pause(turn, 'deadline', because));
}

/** The weight is in force: stays for its time, for its `pass`, and for the data that the next weight asks for. */
function hold(scene: Scene, step: WeightStep): Moved {
  const { turn, rollout, reading } = scene;
  const { candidate, byHand } = rollout;
  const age = turn.now - (rollout.inForceAt ?? turn.now);
  if (!rollout.judged) return goOn(scene);
  if (rollout.stable === null) return holdFirst(scene, age);
  if (isOverdue(scene) && (step.pass || missingData(scene) !== null)) return undecided(scene);
  if (age < step.atLeast) {
    return stay(
      scene,
      `#${candidate} stays at ${formatShare(step.weight)} for at least ${formatDuration(step.atLeast)}`,
    );
  }
  if (step.pass && reading.verdict.kind !== 'pass' && !byHand && !rollout.judge.dry) {
    return stay(scene, `waits for the judge at ${formatShare(step.weight)}`);
  }
  return goOn(scene);
}

/** `within` is over, in a plan to which it applies, and there is still a higher weight to decide on. */
function isOverdue({ turn, rollout }: Scene): boolean {
  const { byHand, exposedAt } = rollout;
  if (!withinApplies(rollout) || byHand || rollout.judge.dry || nextStep(rollout) === null) return false;
  return turn.now - (exposedAt ?? turn.now) >= rollout.judge.within;
}

/** A first deployment has nothing to be compared with: proven within the SLO, or not proven bad for a while. */
function holdFirst(scene: Scene, age: number): Moved {
  const { turn, rollout, reading } = scene;
  if (reading.verdict.kind === 'pass') return goOn(scene);
  const missing = missingData(scene);
  if (missing !== null) {
    const overdue = turn.now - (rollout.exposedAt ?? turn.now) >= rollout.judge.within;
    return overdue ? undecided(scene) : waitForData(scene, `waits for metrics: ${missing}`);
  }
  if (age >= BUILT_IN_DWELL) return goOn(scene);
  const seen = rollout.missingSince === null ? turn : changeRollout(turn, { missingSince: null });
  return stay(
    { ...scene, turn: seen },
    `#${rollout.candidate} is the first release: watched for ${formatDuration(BUILT_IN_DWELL)} or until it is proven`,
  );
}

/** The time for a decision is over. */
function undecided(scene: Scene): Moved {
  const { turn, rollout, reading } = scene;
  const { within, inconclusive } = rollout.judge;
  const because = `not decided within ${formatDuration(within)}: ${missingData(scene) ?? reading.sentence}`;
  if (inconclusive === 'abort') return moved(endRollout(turn, 'aborted', because));
  return moved(pause(changeRollout(turn, { missingSince: null }), 'inconclusive', because));
}

/** Ends the present step: the next one, or the end of the plan. A higher weight is not entered while data are missing. */
function goOn(scene: Scene): Moved {
  const { turn, rollout } = scene;
  const next = nextStep(rollout);
  if (next === null) return moved(finish(scene));
  const missing = plannedSteps(rollout)[next]?.kind === 'weight' ? missingData(scene) : null;
  if (missing !== null) return waitForData(scene, `waits for metrics before a higher weight: ${missing}`);
  return moved(enterStep(turn, next, whyNext(scene, next)));
}

/** Why the next step begins, for people. */
function whyNext({ rollout, reading }: Scene, next: number): string {
  const steps = plannedSteps(rollout);
  const [before, after] = [steps[rollout.step], steps[next]];
  if (after?.kind === 'pause') {
    const end = after.duration === 'manual' ? 'until a person promotes' : `for ${formatDuration(after.duration)}`;
    return `the plan pauses here ${end}`;
  }
  if (rollout.missingSince !== null) return 'the metrics are back';
  if (before?.kind === 'pause') {
    return before.duration === 'manual'
      ? 'the pause is over'
      : `the pause of ${formatDuration(before.duration)} is over`;
  }
  if (before?.kind === 'weight' && before.pass) return reading.sentence;
  return `nothing speaks against #${rollout.candidate} at ${formatShare(before?.kind === 'weight' ? before.weight : 0)}`;
}

/**
 * Metrics are a part of the world, so the wait for them has a deadline: `within` where that applies, else the plan's.
 * Then a person may decide without them (`rest` goes on when they return); no data are no reason to abort.
 */
function waitForData(scene: Scene, because: string): Moved {
  const { turn, rollout } = scene;
  const { missingSince, plan } = rollout;
  if (missingSince === null) {
    const held = rollout.phase === 'paused' ? resume(turn, because) : turn;
    return { turn: changeRollout(held, { missingSince: turn.now, because }), moved: false };
  }
  if (withinApplies(rollout) || turn.now - missingSince < plan.deadline) return stay(scene, because);
  return moved(pause(turn, 'inconclusive', `${because} (for ${formatDuration(plan.deadline)})`));
}

function finish({ turn, rollout, reading }: Scene): Turn {
  if (rollout.kind === 'rollback') {
    return takeOver(turn, 'rolledBack', `all requests go to #${rollout.candidate} again, as asked`);
  }
  if (rollout.byHand) return takeOver(turn, 'promotedByHand', `promoted by hand; ${reading.sentence}`);
  return takeOver(turn, 'promoted', reading.sentence);
}

/**
 * Why the comparison has no data now, or `null`. Counters that can't be had, and a weight that has brought the candidate
 * no request, are neither good nor bad (design.md section 4.7). Before any weight is in force nothing is missing, nor
 * for a judge that never acts. A first deployment is not compared: that nobody asks it for anything is no lack.
 */
function missingData({ rollout, observation, reading }: Scene): string | null {
  const { judged, byHand, exposedAt, candidate } = rollout;
  if (!judged || byHand || exposedAt === null || rollout.judge.dry) return null;
  if (observation.counters === null) return 'the counters can not be had now';
  if (reading.verdict.kind === 'error') return reading.verdict.message;
  const seen = rollout.evidence.totals.candidate.requests - rollout.requestsAtStep;
  return seen > 0 || rollout.stable === null ? null : `#${candidate} has answered no request at this weight yet`;
}
