import { expect, test } from 'vitest';
import { createServingRig, PLAN, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import type { EnvironmentSpec } from './index.ts';
import { readEnvironments } from './index.ts';

function momentsOf(rig: Rig): readonly string[] {
  const view = readEnvironments(rig.journal).get('herald/local');
  return (view?.rollouts.at(-1)?.moments ?? []).map(({ what, because }) => `${what}: ${because}`);
}

const spec: EnvironmentSpec = {
  ...SPEC,
  approval: { count: 2, by: [], expires: null },
  gates: { smoke: [{ method: 'get', path: '/', body: null, status: 200 }], load: null, e2e: false },
  strategy: { ...PLAN, steps: [{ kind: 'weight', weight: 1 }] },
};

test('approvals, steps and gates are told one after the other', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, spec);
  await rig.order({ kind: 'approve', by: 'ana', groups: [], authenticated: false });
  rig.world.gateEnds.set('smoke', { kind: 'error', summary: 'no route to it' });
  await rig.order({ kind: 'approve', by: 'ben', groups: ['operators'], authenticated: true });
  rig.world.gateEnds.set('smoke', { kind: 'passed', summary: '1 of 1 as expected' });
  await rig.seconds(2);
  expect(momentsOf(rig)).toEqual([
    'paused (approval): #2 waits for 2 approvals',
    'approved by ana: 1 of 2 approvals; recorded, not authenticated',
    'approved by ben: 2 of 2 approvals',
    'step to 100%: ana and ben approved it',
    'gates: smoke: nothing speaks against #2 at 100%',
    'smoke could not be done: no route to it',
    'smoke passed: 1 of 1 as expected',
    expect.stringMatching(/^promoted: /),
  ]);
});

test('a rejection is told with its reason', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, spec);
  await rig.order({ kind: 'reject', by: 'ana', because: 'not on a Friday', authenticated: false });
  expect(momentsOf(rig)).toEqual([
    'paused (approval): #2 waits for 2 approvals',
    'rejected by ana: not on a Friday; recorded, not authenticated',
    'aborted: rejected by ana: not on a Friday',
  ]);
});
