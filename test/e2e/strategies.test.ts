/**
 * No request fails while releases change places: a blue-green switch and back, and a rolling update of five replicas, each
 * under more than ten thousand requests. What counts is what the load generator saw (issue 4, "It must show").
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BlueGreenPlan, RollingPlan } from '../../src/delivery/index.ts';
import type { EmbeddedPlatform } from '../../src/platforms/embedded/index.ts';
import { type Load, type LoadRecord, startLoad, summarise, userOf } from '../load/load.ts';
import {
  contextOf,
  createEmbeddedRig,
  type EmbeddedRig,
  HOST,
  observeUntil,
  readyCount,
  route,
  scale,
} from '../rigs/embedded-rig.ts';
import { type AgentRig, createAgentRig, KEY, QUICK } from '../rigs/agent-rig.ts';

const REQUESTS = 10_500;
const RATE = 900;

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function loadOn(rig: EmbeddedRig, platform: EmbeddedPlatform): Load {
  const log = join(rig.home, 'load.ndjson');
  return startLoad({ url: platform.router().url, host: HOST, rate: RATE, most: REQUESTS, log });
}

function expectNoneFailed(seen: readonly LoadRecord[]): void {
  expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  expect(seen.length).toBeGreaterThanOrEqual(10_000);
}

describe('the platform, told by hand', () => {
  test('switches from blue to green and back', async () => {
    await using rig = createEmbeddedRig();
    const platform = rig.platform();
    await platform.start();
    const context = contextOf({ releases: { 1: {}, 2: {} } });
    for (const release of [1, 2]) await platform.apply(context, scale(release, 2));
    await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 2 && readyCount(seen, 2) === 2);
    await platform.apply(context, route({ 1: 1 }));
    const load = loadOn(rig, platform);
    const over = load.ended;
    for (const release of [2, 1, 2]) {
      await sleep(2000);
      await platform.apply(context, route({ [release]: 1 }));
    }
    await platform.apply(context, scale(1, 0));
    await observeUntil(platform, context, (seen) => seen.releases[1] === undefined);
    const seen = await over;
    expectNoneFailed(seen);
    const { byRelease } = summarise(seen);
    expect(byRelease[1]).toBeGreaterThan(3000);
    expect(byRelease[2]).toBeGreaterThan(3000);
  });

  test('replaces five replicas one after the other', async () => {
    await using rig = createEmbeddedRig();
    const platform = rig.platform();
    await platform.start();
    const context = contextOf({ releases: { 1: {}, 2: {} } });
    await platform.apply(context, scale(1, 5));
    await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 5);
    await platform.apply(context, route({ 1: 1 }));
    const load = loadOn(rig, platform);
    const over = load.ended;
    await sleep(1000);
    for (let replaced = 1; replaced <= 5; replaced += 1) {
      await platform.apply(context, scale(2, replaced));
      await observeUntil(platform, context, (seen) => readyCount(seen, 2) === replaced);
      const share = replaced / 5;
      await platform.apply(context, route(share === 1 ? { 2: 1 } : { 1: 1 - share, 2: share }));
      await platform.apply(context, scale(1, 5 - replaced));
    }
    await observeUntil(platform, context, (seen) => seen.releases[1] === undefined);
    const seen = await over;
    expectNoneFailed(seen);
    expect(seen.at(-1)?.release).toBe(2);
  });
});

const BLUE_GREEN: BlueGreenPlan = {
  kind: 'blueGreen',
  deadline: 60_000,
  onDeadline: 'abort',
  previewReplicas: 1,
  switch: 'auto',
  before: { smoke: [], load: null, e2e: false, judge: null },
  after: { judge: null },
  keep: 60_000,
};

const ROLLING: RollingPlan = {
  kind: 'rolling',
  deadline: 60_000,
  onDeadline: 'abort',
  maxSurge: { count: 1 },
  maxUnavailable: { count: 0 },
};

/** Until so many requests were sent. */
async function untilSent(load: Load, requests: number): Promise<void> {
  while (load.soFar().length < requests) await sleep(100);
}

async function outcomeOf(rig: AgentRig, number: number): Promise<string | undefined> {
  return (await rig.ended(number)).ended?.outcome;
}

describe('the engine, in a real agent', () => {
  test('switches from blue to green, and a rollback switches back', async () => {
    await using rig = createAgentRig();
    await rig.start();
    await rig.deploy({ VERSION: '1' }, BLUE_GREEN);
    const load = await rig.load(RATE);
    expect(await outcomeOf(rig, 1)).toBe('promoted');
    await untilSent(load, 2500);
    await rig.deploy({ VERSION: '2' }, BLUE_GREEN);
    expect(await outcomeOf(rig, 2)).toBe('promoted');
    await untilSent(load, 6500);
    await rig.client.command(KEY, { kind: 'rollback', to: null });
    expect(await outcomeOf(rig, 3)).toBe('rolledBack');
    await untilSent(load, REQUESTS);
    const seen = await load.stop();
    expectNoneFailed(seen);
    const { byRelease } = summarise(seen);
    expect(byRelease[1]).toBeGreaterThan(4000);
    expect(byRelease[2]).toBeGreaterThan(2000);
    // The switch is one instant: between the first answer of green and the rollback nobody gets blue.
    const green = seen.flatMap(({ release }, index) => (release === 2 ? [index] : []));
    const [first = 0, last = 0] = [green.at(0), green.at(-1)];
    expect(seen.slice(first, last).filter(({ release }) => release !== 2).length).toBeLessThanOrEqual(64);
  });

  test('rolls five replicas over, and back', async () => {
    await using rig = createAgentRig();
    await rig.start();
    await rig.deploy({ VERSION: '1' }, ROLLING, { replicas: 5 });
    const load = await rig.load(RATE);
    expect(await outcomeOf(rig, 1)).toBe('promoted');
    await untilSent(load, 2000);
    const shares = rig.sampleShares();
    await rig.deploy({ VERSION: '2' }, ROLLING, { replicas: 5 });
    expect(await outcomeOf(rig, 2)).toBe('promoted');
    const dealt = (await shares(2)).map((split) => Math.round((split[2] ?? 0) * 5));
    expect(dealt).toEqual(dealt.toSorted((one, other) => one - other));
    expect(dealt).toEqual(expect.arrayContaining([0, 5]));
    await untilSent(load, 7000);
    await rig.client.command(KEY, { kind: 'rollback', to: null });
    expect(await outcomeOf(rig, 3)).toBe('rolledBack');
    await untilSent(load, REQUESTS);
    const seen = await load.stop();
    expectNoneFailed(seen);
    expect(seen.at(-1)?.release).toBe(1);
  });

  test('T10: while a canary’s weight rises no user changes the release twice, and none goes back', async () => {
    const users = { header: 'x-user', count: 400 };
    const steps = [0.05, 0.25, 0.5, 1].flatMap((weight) => [
      { kind: 'weight', weight } as const,
      { kind: 'pause', duration: 1500 } as const,
    ]);
    await using rig = createAgentRig();
    await rig.start();
    const affinity = { kind: 'header', name: users.header } as const;
    await rig.deploy({ VERSION: '1' }, { ...QUICK, steps }, { affinity });
    const load = await rig.load(RATE, { users });
    expect(await outcomeOf(rig, 1)).toBe('promoted');
    await untilSent(load, 1000);
    await rig.deploy({ VERSION: '2' }, { ...QUICK, steps }, { affinity });
    expect(await outcomeOf(rig, 2)).toBe('promoted');
    const seen = await load.stop();
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    const changes = Array.from({ length: users.count }, () => 0);
    const last = Array.from({ length: users.count }, () => 1);
    for (const record of seen) {
      const user = userOf(record, users.count);
      if (record.release === last[user]) continue;
      changes[user] = (changes[user] ?? 0) + 1;
      last[user] = record.release ?? 0;
    }
    expect(new Set(changes)).toEqual(new Set([1]));
    expect(new Set(last)).toEqual(new Set([2]));
  });
});
