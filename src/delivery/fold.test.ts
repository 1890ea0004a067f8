import { expect, test } from 'vitest';
import { createServingRig, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import { createEnvironmentFold, type EnvironmentView, foldEnvironments, readEnvironments } from './index.ts';

const KEY = 'herald/local';

function viewOf(rig: Rig): EnvironmentView {
  const view = readEnvironments(rig.journal).get(KEY);
  if (view === undefined) throw new Error('nothing was told');
  return view;
}

test('a rollout is told with its steps, pauses, counts and end', async () => {
  const rig = await createServingRig();
  await rig.deploy(2);
  await rig.seconds(30);
  const underWay = viewOf(rig).rollouts.at(-1);
  expect(underWay?.counted).toEqual({ candidate: { requests: 300, bad: 0 }, stable: { requests: 2700, bad: 0 } });
  expect(underWay?.lastLook?.verdict).toBe('inconclusive');
  await rig.seconds(31);
  const { rollouts, now, releases } = viewOf(rig);
  expect(rollouts.map(({ ended }) => ended?.outcome)).toEqual(['promoted', 'promoted']);
  expect(rollouts[1]?.moments.map(({ what }) => what)).toEqual([
    'step to 10%',
    'paused (step)',
    'step to 100%',
    'promoted',
  ]);
  expect(rollouts[1]?.counted.candidate.requests).toBe(600);
  expect([now?.phase, now?.stable, Object.keys(releases)]).toEqual(['healthy', 2, ['1', '2']]);
});

test('reading the newest looks only tells the same as folding the whole journal', async () => {
  const rig = await createServingRig();
  for (const version of [2, 3, 4]) {
    await rig.deploy(version);
    await rig.seconds(version === 4 ? 20 : 61);
  }
  const withoutOldLooks = (view: EnvironmentView | undefined): unknown =>
    view && { ...view, rollouts: view.rollouts.map((one) => (one.ended === null ? one : { ...one, lastLook: null })) };
  expect(viewOf(rig).rollouts.at(-1)?.counted.candidate.requests).toBe(200);
  expect(viewOf(rig)).toEqual(withoutOldLooks(foldEnvironments(rig.journal.read()).get(KEY)));
});

test('what a guard has counted is read with what was decided on', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, { ...SPEC, guard: 600_000 });
  await rig.seconds(90);
  const whole = foldEnvironments(rig.journal.read()).get(KEY)?.rollouts.at(-1);
  const read = viewOf(rig).rollouts.at(-1);
  expect(whole?.ended?.outcome).toBe('promoted');
  expect(read?.counted).toEqual(whole?.counted);
  expect(read?.counted.candidate.requests).toBeGreaterThan(2000);
});

test('adding entries one by one comes to the same, and views do not change afterwards', async () => {
  const rig = await createServingRig();
  await rig.deploy(2);
  await rig.seconds(61);
  const fold = createEnvironmentFold();
  const [first, ...others] = rig.journal.read();
  if (first === undefined) throw new Error('nothing was told');
  fold.add([first]);
  const early = fold.views().get(KEY);
  for (const entry of others) fold.add([entry]);
  expect(early?.rollouts).toEqual([]);
  expect(fold.views()).toEqual(foldEnvironments(rig.journal.read()));
});

test('a removed environment says so until it is deployed to again', async () => {
  const rig = await createServingRig();
  await rig.order({ kind: 'remove' });
  expect(viewOf(rig).removed).toBe(true);
  await rig.seconds(3);
  expect(viewOf(rig).removed).toBe(true);
  await rig.deploy(1);
  expect(viewOf(rig).removed).toBe(false);
});

test('entries of other domains are passed over', () => {
  const entry = { seq: 1, at: 0, kind: 'run.finished', subject: 'run/1', data: {} };
  expect(foldEnvironments([entry]).size).toBe(0);
});
