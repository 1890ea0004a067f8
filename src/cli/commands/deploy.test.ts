import { expect, test } from 'vitest';
import { createServingRig, PLAN, type Rig, SPEC } from '../../../test/rigs/engine-rig.ts';
import { readEnvironments } from '../../delivery/index.ts';
import { tookOver } from './deploy.ts';

/** The rollout of #2, as whoever has deployed it would follow it. */
function second(rig: Rig): boolean {
  const rollout = readEnvironments(rig.journal).get('herald/local')?.rollouts[1];
  if (rollout === undefined || rollout.ended === null) throw new Error('it has not ended');
  return tookOver(rollout);
}

test('a deployment went well when its release serves in the end, and only then', async () => {
  const promoted = await createServingRig();
  await promoted.deploy(2, { ...SPEC, strategy: { ...PLAN, steps: [{ kind: 'weight', weight: 1 }] } });
  await promoted.seconds(60);
  expect(second(promoted)).toBe(true);

  const displaced = await createServingRig();
  await displaced.deploy(2);
  await displaced.seconds(5);
  await displaced.deploy(3);
  await displaced.seconds(2);
  expect(second(displaced)).toBe(false);

  const takenBack = await createServingRig();
  await takenBack.deploy(2);
  await takenBack.seconds(5);
  await takenBack.order({ kind: 'rollback', to: null });
  await takenBack.seconds(2);
  expect(second(takenBack)).toBe(false);
});
