import { expect, test } from 'vitest';
import { createServingRig, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import type { Wait } from './index.ts';

function waitOf(rig: Rig): (Wait & { readonly lasts: number | null }) | null {
  const wait = rig.controller.state().told?.wait ?? null;
  return wait === null ? null : { ...wait, lasts: wait.until === null ? null : wait.until - wait.since };
}

test('nothing under way waits for nothing', async () => {
  const rig = await createServingRig();
  expect(waitOf(rig)).toBeNull();
});

test('an approval names the command, and its end where it has one', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, { ...SPEC, approval: { count: 1, by: ['operators'], expires: null } });
  expect(waitOf(rig)).toMatchObject({
    for: '#2 waits for 1 approval by operators',
    lasts: null,
    command: 'slipway approve',
  });
  await rig.deploy(3, { ...SPEC, approval: { count: 1, by: [], expires: 60_000 } });
  expect(waitOf(rig)).toMatchObject({ lasts: 60_000, command: 'slipway approve' });
});

test('a pause by hand counts from when the person began it', async () => {
  const rig = await createServingRig();
  await rig.deploy(2);
  await rig.seconds(20);
  const at = waitOf(rig)?.since ?? 0;
  await rig.order({ kind: 'pause' });
  expect(waitOf(rig)).toMatchObject({ since: at + 20_000, until: null, command: 'slipway resume' });
});
