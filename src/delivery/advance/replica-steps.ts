/** Steps that end when so many replicas of the candidate are ready, whatever requests they get. */

import { candidateReplicas } from '../sizes.ts';
import { changeRollout } from '../turn.ts';
import { goOn } from './go-on.ts';
import { awaitWorld, type Moved, readyOf, type Scene, waitsForReplicas } from './scene.ts';

/** `replicas` and `mirror`: what they have set lasts while the steps after them are walked. */
export function replicasStep(scene: Scene): Moved {
  const { turn, rollout } = scene;
  const need = candidateReplicas(rollout, turn.state.spec.replicas);
  const ready = readyOf(scene);
  if (ready >= need) return goOn(scene, `#${rollout.candidate} has ${ready} ready replica${ready === 1 ? '' : 's'}`);
  const setback = turn.state.setbacks[`scale ${rollout.candidate}`];
  const why = setback === undefined ? '' : `; ${setback.message}`;
  const found = `${ready} of ${need} ready${why}`;
  return awaitWorld(scene, { waiting: waitsForReplicas(scene, need), since: rollout.stepAt, found });
}

/** A timer that runs from the preview on begins when it is ready, beside the gates (facts/rollouts.md, trap T18). */
export function previewStep(scene: Scene): Moved {
  const { turn, rollout } = scene;
  const complete = readyOf(scene) >= candidateReplicas(rollout, turn.state.spec.replicas);
  return replicasStep(complete ? { ...scene, turn: changeRollout(turn, { previewAt: turn.now }) } : scene);
}
