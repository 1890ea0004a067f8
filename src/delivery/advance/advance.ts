/** The walk along the plan: one transition after another, as far as what is observed allows. */

import { judge } from '../judge/index.ts';
import type { Observation } from '../observation.ts';
import { isPromotedFully, pauseBegins, type PauseStep, type PlannedStep, plannedSteps, replicasFor } from '../steps.ts';
import { activeRollout, changeRollout, isApproved, resume, type Turn } from '../turn.ts';
import { failedGate, gatesStep, withGateResult } from './gates-step.ts';
import { goOn } from './go-on.ts';
import { judgements, judgeStep, withOwnEvidence } from './judge-step.ts';
import { missingData } from './missing-data.ts';
import { previewStep, replicasStep } from './replica-steps.ts';
import { rollStep } from './roll-step.ts';
import { abort, type Moved, moved, type Scene, still } from './scene.ts';
import { weightStep } from './weight-step.ts';

/** More transitions at one instant than this are a bug, not a plan. */
const MOST_TRANSITIONS = 1000;

/** Carries the rollout as far as the observation allows. Nothing under way: nothing happens. */
export function advance(turn: Turn, observation: Observation): Turn {
  let current = withCarried(withGateResult(turn, observation), observation);
  for (let round = 0; round < MOST_TRANSITIONS; round += 1) {
    current = withOwnEvidence(current);
    const rollout = activeRollout(current.state);
    if (rollout === null) return current;
    const reading = judge(rollout.evidence, rollout.judge);
    const next = move({ turn: current, rollout, observation, reading });
    current = next.turn;
    if (!next.moved) return current;
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

function move(scene: Scene): Moved {
  const { rollout, observation } = scene;
  if (!isApproved(rollout)) return still(scene);
  const failure = observation.releases[rollout.candidate]?.failure ?? null;
  if (failure !== null) return abort(scene, `#${rollout.candidate} can't stay ready: ${failure}`);
  const failed = failedGate(rollout);
  if (failed !== null) return abort(scene, failed);
  // A proven regression ends it whatever else is waited for (facts/rollouts.md, trap T24).
  const proven = judgements(scene).find(({ reading }) => reading.verdict.kind === 'fail');
  if (proven !== undefined) return abort(scene, proven.reading.sentence);
  if (rollout.phase === 'paused' && rollout.reason !== 'step') return rest(scene);
  const step = plannedSteps(rollout)[rollout.step];
  if (step === undefined) throw new Error(`the plan of ${rollout.id} has no step ${rollout.step}`);
  return walk(scene, step);
}

function walk(scene: Scene, step: PlannedStep): Moved {
  switch (step.kind) {
    case 'weight':
      return weightStep(scene, step);
    case 'pause':
      return pauseStep(scene, step);
    case 'replicas':
    case 'mirror':
      return replicasStep(scene);
    case 'preview':
      return previewStep(scene);
    case 'judge':
      return judgeStep(scene, step);
    case 'gates':
      return gatesStep(scene, step);
    case 'roll':
      return rollStep(scene);
  }
}

/** Held until a person decides; only missing data end such a pause by themselves, when they return. */
function rest(scene: Scene): Moved {
  const { turn, rollout } = scene;
  const forData = rollout.reason === 'inconclusive' && rollout.missingSince !== null;
  return forData && missingData(scene) === null ? moved(resume(turn, 'the metrics are back')) : still(scene);
}

function pauseStep(scene: Scene, step: PauseStep): Moved {
  const { turn, rollout } = scene;
  const { duration } = step;
  if (isPromotedFully(rollout)) return goOn(scene);
  if (duration === 'manual') return rollout.phase === 'paused' ? still(scene) : goOn(scene);
  return turn.now - pauseBegins(rollout, step) >= duration ? goOn(scene) : still(scene);
}
