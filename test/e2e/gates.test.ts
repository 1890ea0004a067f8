/** Gates for real: the agent, its router, replicas in processes of their own, and gates that ask one release alone. */

import { expect, test } from 'vitest';
import type { BlueGreenPlan, GatesPlan, LoadPlan } from '../../src/delivery/index.ts';
import type { Load } from '../load/load.ts';
import { type AgentRig, createAgentRig, until } from '../rigs/agent-rig.ts';
import { PLAN } from '../rigs/engine-rig.ts';

const LOAD: LoadPlan = { path: '/ok', rate: 150, for: 4000, p99: null, errors: 1 };
const SMOKE: GatesPlan['smoke'] = [{ method: 'get', path: '/ok', body: null, status: 200 }];
const NO_GATES: GatesPlan = { smoke: [], load: null, e2e: false };

function blueGreen(before: Partial<BlueGreenPlan['before']>): BlueGreenPlan {
  return {
    kind: 'blueGreen',
    previewReplicas: 1,
    switch: 'auto',
    before: { ...NO_GATES, judge: null, ...before },
    after: { judge: null },
    keep: 60_000,
    deadline: 8000,
    onDeadline: 'abort',
  };
}

/** #1 serves, and users send requests that the gates know nothing of. */
async function serve(rig: AgentRig): Promise<Load> {
  await rig.start();
  await rig.deploy({ VERSION: '1' }, blueGreen({}));
  const load = await rig.load(100);
  await rig.ended(1);
  return load;
}

/** `smoke passed`, in order, of the newest rollout. */
function gatesOf(rig: AgentRig): readonly string[] {
  const moments = rig.view().rollouts.at(-1)?.moments ?? [];
  return moments.flatMap(({ what }) => (/^(smoke|load|e2e) /.test(what) ? [what] : []));
}

/** What was answered to whoever was not a gate; first the users go on until they have been answered by `last`. */
async function releasesSeen(load: Load, last?: number): Promise<readonly (number | null)[]> {
  if (last !== undefined) await until(() => Promise.resolve(load.soFar().some(({ release }) => release === last)));
  const seen = await load.stop();
  expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  return [...new Set(seen.map(({ release }) => release))];
}

test('a release is smoke-tested, loaded and judged in its preview, then all users get it', async () => {
  await using rig = createAgentRig();
  const load = await serve(rig);
  const judge = { ...PLAN.judge, within: 8000 };
  await rig.deploy({ VERSION: '2' }, blueGreen({ smoke: SMOKE, load: LOAD, judge }));
  await until(() => Promise.resolve(gatesOf(rig).includes('smoke passed')));
  expect(rig.view().now?.shares).toEqual({ 1: 1 });
  const { ended } = await rig.ended(2);
  expect(ended?.outcome).toBe('promoted');
  expect(gatesOf(rig)).toEqual(['smoke passed', 'load passed']);
  // What was sent by the load gate is what has proven it: 150 a second for four seconds.
  expect(
    rig
      .view()
      .rollouts.at(-1)
      ?.moments.map(({ because }) => because)
      .join(),
  ).toContain('proven within the SLO');
  expect(await releasesSeen(load, 2)).toEqual([1, 2]);
});

test('a release that fails under the load of its preview is aborted by the judge before a user sees it', async () => {
  await using rig = createAgentRig();
  const load = await serve(rig);
  await rig.deploy({ VERSION: '2', STUB_ERRORS: '0.3' }, blueGreen({ load: LOAD, judge: PLAN.judge }));
  const { ended } = await rig.ended(2);
  expect(ended?.outcome).toBe('aborted');
  expect(ended?.because).toContain('proven above the 1% that the SLO allows');
  expect(gatesOf(rig)).toEqual([]);
  expect(await releasesSeen(load)).toEqual([1]);
});

test('a release whose smoke test fails is aborted before a user sees it, and the next one is not', async () => {
  await using rig = createAgentRig();
  const load = await serve(rig);
  await rig.deploy({ VERSION: '2', STUB_DOES: 'error' }, blueGreen({ smoke: SMOKE }));
  const { ended } = await rig.ended(2);
  expect(ended?.because).toMatch(/^the gate smoke failed: .*500/);
  expect(await releasesSeen(load)).toEqual([1]);
  await rig.deploy({ VERSION: '3' }, blueGreen({ smoke: SMOKE }));
  expect((await rig.ended(3)).ended?.outcome).toBe('promoted');
});

test('the gates of a canary run at full weight, and one that fails takes it back', async () => {
  await using rig = createAgentRig();
  const load = await serve(rig);
  const plan = { ...PLAN, steps: [{ kind: 'weight', weight: 1 }] as const, keep: 60_000 };
  // Long enough that users see the release while its gate runs.
  const smoke: GatesPlan['smoke'] = [{ method: 'get', path: '/ok?ms=500', body: null, status: 418 }];
  await rig.deploy({ VERSION: '2' }, plan, { gates: { ...NO_GATES, smoke } });
  const { ended } = await rig.ended(2);
  expect(ended?.because).toMatch(/^the gate smoke failed: /);
  await until(() => Promise.resolve(rig.view().now?.shares[1] === 1));
  expect(await releasesSeen(load)).toEqual(expect.arrayContaining([1, 2]));
});

test('an agent that is killed while a gate runs has it run again, and its result counts once', async () => {
  await using rig = createAgentRig();
  const load = await serve(rig);
  await rig.deploy({ VERSION: '2' }, blueGreen({ smoke: SMOKE, load: LOAD }));
  await until(() => Promise.resolve(gatesOf(rig).includes('smoke passed')));
  await rig.kill();
  await rig.start();
  expect((await rig.ended(2)).ended?.outcome).toBe('promoted');
  expect(gatesOf(rig)).toEqual(['smoke passed', 'load passed']);
  expect(await releasesSeen(load, 2)).toEqual([1, 2]);
});

test('a gate that can not be done is tried again until the deadline, and is nobody’s fault', async () => {
  await using rig = createAgentRig();
  const load = await serve(rig);
  const endToEnd = { kind: 'run', what: './no-such-script.sh', folder: rig.home } as const;
  await rig.deploy({ VERSION: '2' }, blueGreen({ e2e: true }), { endToEnd });
  const { ended } = await rig.ended(2);
  expect(ended?.outcome).toBe('aborted');
  expect(ended?.because).toContain('could not be done');
  expect(gatesOf(rig).length).toBeGreaterThan(2);
  expect(new Set(gatesOf(rig))).toEqual(new Set(['e2e could not be done']));
  expect(await releasesSeen(load)).toEqual([1]);
});
