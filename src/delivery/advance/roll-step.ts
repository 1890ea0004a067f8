/** Replicas are replaced a few at a time: how many at each look is for `rolling.ts`, when that is done is decided here. */

import { rollComplete } from '../rolling.ts';
import { changeRollout } from '../turn.ts';
import { goOn } from './go-on.ts';
import { awaitWorld, type Moved, readyOf, type Scene } from './scene.ts';

/** Each replica that gets ready is progress: the deadline bounds the wait for the next one, not for all of them. */
export function rollStep(scene: Scene): Moved {
  const { turn, rollout, observation } = scene;
  const { candidate } = rollout;
  const full = turn.state.spec.replicas;
  const ready = readyOf(scene);
  if (rollComplete(turn.state, observation)) {
    const exposed = changeRollout(turn, { exposedAt: rollout.exposedAt ?? turn.now });
    return goOn({ ...scene, turn: exposed }, `all ${full} replicas are of #${candidate}`);
  }
  const waiting = `waits for ${full} ready replicas of #${candidate}, and for the others to be gone (${ready} of ${full} ready)`;
  if (ready > (rollout.rolled?.ready ?? 0)) {
    return { turn: changeRollout(turn, { rolled: { ready, at: turn.now }, because: waiting }), moved: false };
  }
  const setback = turn.state.setbacks[`scale ${candidate}`];
  const since = rollout.rolled?.at ?? rollout.stepAt;
  return awaitWorld(scene, { waiting, since, ...(setback === undefined ? {} : { found: setback.message }) });
}
