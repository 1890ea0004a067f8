import { expect, test } from 'vitest';
import { createServingRig, type Rig, SPEC } from '../../../test/rigs/engine-rig.ts';
import { plainTerminal } from '../../../test/rigs/terminal-rig.ts';
import { type WatchEnd, watchRollout } from './rollout-watch.ts';

const APPROVAL = { ...SPEC, approval: { count: 1, by: [], expires: 3_600_000 } };

async function waitingRig(): Promise<Rig> {
  const rig = await createServingRig();
  await rig.deploy(2, APPROVAL);
  await rig.seconds(1);
  return rig;
}

function watch(rig: Rig, attended: boolean, signal = new AbortController().signal): Promise<WatchEnd> {
  const { journal, clock } = rig;
  return watchRollout({
    journal,
    key: 'herald/local',
    rollout: 'herald/local/2',
    clock,
    terminal: plainTerminal({ attended }),
    signal,
  });
}

test('where nobody sits, a watch ends at what only a person can end, also one with a latest time', async () => {
  const rig = await waitingRig();
  expect(await watch(rig, false)).toMatchObject({ kind: 'waiting', view: { now: { reason: 'approval' } } });
});

test('where somebody sits, it goes on through the approval to the end', async () => {
  const rig = await waitingRig();
  let ended: WatchEnd | undefined;
  const watching = watch(rig, true).then((end) => (ended = end));
  await rig.seconds(5);
  expect(ended).toBeUndefined();
  await rig.order({ kind: 'approve', by: 'ana', groups: [], authenticated: false });
  await rig.order({ kind: 'promoteFully' });
  await rig.seconds(5);
  expect(await watching).toMatchObject({ kind: 'ended', rollout: { ended: { outcome: 'promotedByHand' } } });
});

test('a timed pause of the plan is no reason to leave', async () => {
  const rig = await createServingRig();
  await rig.deploy(2);
  const watching = watch(rig, false);
  await rig.seconds(100);
  expect(await watching).toMatchObject({ kind: 'ended', rollout: { ended: { outcome: 'promoted' } } });
});

test('whoever interrupts it leaves, and the rollout goes on', async () => {
  const rig = await waitingRig();
  const leaving = new AbortController();
  const watching = watch(rig, true, leaving.signal);
  await rig.seconds(1);
  leaving.abort();
  expect(await watching).toEqual({ kind: 'left' });
  expect(rig.phase()).toBe('paused approval');
});
