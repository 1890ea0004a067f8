/** A weight: first to be reached, then held for its time, for its `pass`, and for the data that the next one asks for. */

import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import { excessOf } from '../coarse-routing.ts';
import { BUILT_IN_DWELL, replicasFor, type WeightStep } from '../steps.ts';
import { changeRollout, nextStep, withinApplies } from '../turn.ts';
import { inForce, wantedShares } from '../wants.ts';
import { goOn } from './go-on.ts';
import { missingData, undecided, waitForData, withData } from './missing-data.ts';
import { awaitWorld, type Moved, moved, readyOf, type Scene, stay, waitsForReplicas } from './scene.ts';

export function weightStep(scene: Scene, step: WeightStep): Moved {
  return scene.rollout.inForceAt === null ? reach(scene, step) : hold(scene, step);
}

/** Waits until the weight's replicas are ready and requests really get the weight. */
function reach(scene: Scene, step: WeightStep): Moved {
  const { turn, rollout, observation } = scene;
  const need = replicasFor(step.weight, turn.state.spec.replicas);
  const ready = readyOf(scene);
  const excess = excessIn(scene, step);
  const shares = wantedShares(turn.state, observation);
  if (ready >= need && excess === null && inForce(turn.state, observation, shares)) {
    const exposedAt = rollout.exposedAt ?? turn.now;
    const requestsAtStep = rollout.evidence.totals.candidate.requests;
    const carried = { weight: step.weight, replicas: need };
    return moved(changeRollout(turn, { inForceAt: turn.now, exposedAt, requestsAtStep, carried }));
  }
  const lacks = ready < need;
  const waiting = lacks
    ? waitsForReplicas(scene, need)
    : `waits until ${formatShare(step.weight)} of the requests go to #${rollout.candidate}${excess ?? ''}`;
  const setback = turn.state.setbacks[lacks ? `scale ${rollout.candidate}` : 'route'];
  const why = setback === undefined ? '' : `; ${setback.message}`;
  return awaitWorld(scene, { waiting, since: rollout.stepAt, found: `${ready} of ${need} ready${why}` });
}

/** Where requests go by the number of replicas: why so small a weight is refused, or `null` (trap T9). */
function excessIn({ turn, rollout, observation }: Scene, { weight }: WeightStep): string | null {
  const { candidate: release, stable } = rollout;
  const share = stable === null ? null : excessOf(turn.state.spec, { release, other: stable, weight }, observation);
  return share === null ? null : ` (by its ready replicas it would get ${formatShare(share)})`;
}

function hold(scene: Scene, step: WeightStep): Moved {
  const { turn, rollout, reading } = scene;
  const { candidate, byHand } = rollout;
  const age = turn.now - (rollout.inForceAt ?? turn.now);
  // Only a canary is compared while its weight is held; the others say with a judge step of their own when they are.
  if (!rollout.judged || rollout.plan.kind !== 'canary') return goOn(scene);
  if (rollout.stable === null) return holdFirst(scene, age);
  if (isOverdue(scene) && (step.pass || missingData(scene) !== null)) return undecided(scene, rollout.judge, reading);
  if (age < step.atLeast) {
    const share = formatShare(step.weight);
    return stay(scene, `#${candidate} stays at ${share} for at least ${formatDuration(step.atLeast)}`);
  }
  if (step.pass && reading.verdict.kind !== 'pass' && !byHand && !rollout.judge.dry) {
    return stay(withData(scene), `waits for the judge at ${formatShare(step.weight)}`);
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
    return overdue ? undecided(scene, rollout.judge, reading) : waitForData(scene, `waits for metrics: ${missing}`);
  }
  if (age >= BUILT_IN_DWELL) return goOn(scene);
  const because = `#${rollout.candidate} is the first release: watched for ${formatDuration(BUILT_IN_DWELL)} or until it is proven`;
  return stay(withData(scene), because);
}
