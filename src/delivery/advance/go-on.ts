/** The end of a step: the next one, or the end of the plan. */

import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import { type PlannedStep, plannedSteps } from '../steps.ts';
import { takeOver } from '../ending.ts';
import { enterStep, nextStep, type Turn } from '../turn.ts';
import { inForce, wantedShares } from '../wants.ts';
import { missingData, waitForData } from './missing-data.ts';
import { type Moved, moved, type Scene } from './scene.ts';

/** Ends the present step, with the reason `why` unless the next step has one. No higher weight without data. */
export function goOn(scene: Scene, why?: string): Moved {
  const { turn, rollout } = scene;
  const steps = plannedSteps(rollout);
  const next = nextStep(rollout);
  if (next === null) return finish(scene);
  const missing = steps[next]?.kind === 'weight' ? missingData(scene) : null;
  if (missing !== null) return waitForData(scene, `waits for metrics before a higher weight: ${missing}`);
  return moved(enterStep(turn, next, whyNext(scene, steps[next], why)));
}

/** Why the next step begins, for people. */
function whyNext({ rollout, reading }: Scene, after: PlannedStep | undefined, why: string | undefined): string {
  const before = plannedSteps(rollout)[rollout.step];
  if (after?.kind === 'pause') {
    const end = after.duration === 'manual' ? 'until a person promotes' : `for ${formatDuration(after.duration)}`;
    return `the plan pauses here ${end}`;
  }
  if (why !== undefined) return why;
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
 * Nothing is promoted that does not get all requests now: replicas may have been lost while gates ran or a judge looked.
 * Then it is back at full weight, which is looked at anew the next time.
 */
function finish(scene: Scene): Moved {
  const { turn, rollout, observation } = scene;
  const shares = wantedShares(turn.state, observation);
  if (shares[rollout.candidate] === 1 && inForce(turn.state, observation, shares)) return moved(takenOver(scene));
  const full = plannedSteps(rollout).findLastIndex(({ kind }) => kind === 'weight' || kind === 'roll');
  const because = `not all requests go to #${rollout.candidate} any more`;
  return { turn: enterStep(turn, full, because), moved: false };
}

function takenOver({ turn, rollout, reading }: Scene): Turn {
  const { kind, byHand, candidate, plan } = rollout;
  if (kind === 'rollback') return takeOver(turn, 'rolledBack', `all requests go to #${candidate} again`);
  if (byHand) return takeOver(turn, 'promotedByHand', `promoted by hand; ${reading.sentence}`);
  const judged = plan.kind === 'canary' || (plan.kind === 'blueGreen' && plan.after.judge !== null);
  // Of what nobody asked a judge about, his opinion is no reason.
  return takeOver(turn, 'promoted', judged ? reading.sentence : `all requests go to #${candidate}`);
}
