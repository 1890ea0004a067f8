/**
 * No request fails while releases change places: a blue-green switch and back, and a rolling update of five replicas, each
 * under more than ten thousand requests. What counts is what the load generator saw (issue 4, "It must show").
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EmbeddedPlatform } from '../../src/platforms/embedded/index.ts';
import { type Load, type LoadRecord, startLoad, summarise } from '../load/load.ts';
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
