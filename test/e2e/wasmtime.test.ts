/**
 * `engine: wasmtime` with the real program. It is not a part of a checkout: where there is none, all of this is skipped, and
 * says so.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findWasmtime } from '../../bench/peer-servers.ts';
import type { EnvironmentContext, Observation } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { findReplicas } from '../../src/platforms/embedded/adoption.ts';
import { openHomePaths } from '../../src/platforms/embedded/home-paths.ts';
import { type EmbeddedPlatform, openSecretStore, readServiceLogs } from '../../src/platforms/embedded/index.ts';
import { startLoad, summarise } from '../load/load.ts';
import {
  ask,
  contextOf,
  createEmbeddedRig,
  type EmbeddedRig,
  HOST,
  KEY,
  observeUntil,
  readyCount,
  route,
  scale,
} from '../rigs/embedded-rig.ts';
import { GATEWAY, MISBEHAVE } from '../rigs/replica-rig.ts';
import { until } from '../rigs/router-rig.ts';
import { join } from 'node:path';

const program = process.env['SLIPWAY_WASMTIME'] ?? findWasmtime();
// Said aloud, so that nobody takes these for passed.
if (program === null)
  process.stderr.write('SKIPPED: no wasmtime on this machine (SLIPWAY_WASMTIME, ../shared/peers)\n');

const LIMITS = { memory: 32 * 1024 * 1024, request: 700 };
const RELEASES = { 1: { RELEASE: 'one' }, 2: { RELEASE: 'two' } };

async function start(rig: EmbeddedRig): Promise<{ platform: EmbeddedPlatform; context: EnvironmentContext }> {
  const image = await rig.putImage(MISBEHAVE);
  const secrets = await openSecretStore({ home: rig.home, clock: systemClock }).put({ TOKEN: 'correct horse' });
  const platform = rig.realPlatform({ SLIPWAY_WASMTIME: program ?? '' });
  await platform.start();
  const context = contextOf({ releases: RELEASES, limits: LIMITS, engine: 'wasmtime', image, secrets });
  return { platform, context };
}

function sumOf({ counters }: Observation, what: 'requests' | 'errors' | 'timeouts'): number {
  return (counters ?? []).reduce((sum, row) => sum + row[what], 0);
}

describe.skipIf(program === null)('wasmtime serve as a replica', () => {
  test('serves a component out of an image with its configuration and its secrets, which no command line shows', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await start(rig);
    await platform.apply(context, scale(1, 1));
    await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
    await platform.apply(context, route({ 1: 1 }));
    expect(await ask(platform, '/ok')).toEqual({ status: 200, release: 1, body: 'ok\n' });
    const { body } = await ask(platform, '/env');
    expect(body.split('\n')).toEqual(expect.arrayContaining(['RELEASE=one', 'TOKEN=correct horse']));
    expect(body).not.toMatch(/HOME|PATH|SLIPWAY/);
    const [found] = findReplicas(openHomePaths(rig.home));
    expect(readFileSync(`/proc/${found?.identity.pid}/cmdline`, 'utf8')).not.toContain('horse');
    expect((await ask(platform, { path: '/echo', method: 'POST', body: 'x'.repeat(100_000) })).body).toHaveLength(
      100_000,
    );
    await ask(platform, '/log?correct%20horse');
    await until(async () => {
      const lines: string[] = [];
      for await (const line of readServiceLogs({
        home: rig.home,
        key: KEY,
        last: 50,
        follow: false,
        clock: systemClock,
      }))
        lines.push(line.kind === 'request' ? line.request.path : `${line.kind} ${line.text}`);
      expect(lines).toEqual(expect.arrayContaining(['/log?[secret]', 'stdout out [secret]', 'stderr err [secret]']));
    });
  });

  test('a request that runs too long, traps or wants too much memory fails alone, and is counted', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await start(rig);
    await platform.apply(context, scale(1, 1));
    await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
    await platform.apply(context, route({ 1: 1 }));
    const answers = await Promise.all(
      ['/loop', '/sleep?5000', '/trap', '/allocate', '/ok'].map((path) => ask(platform, path)),
    );
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500, 200]);
    const seen = await platform.observe(context);
    expect([sumOf(seen, 'requests'), sumOf(seen, 'errors'), sumOf(seen, 'timeouts')]).toEqual([5, 4, 2]);
    expect(seen.releases[1]).toMatchObject({ ready: 1, restarts: 0, failure: null });
  });

  test('one release gives way to another under load without a failed request', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await start(rig);
    for (const release of [1, 2]) await platform.apply(context, scale(release, 1));
    await observeUntil(platform, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
    await platform.apply(context, route({ 1: 1 }));
    const log = join(rig.home, 'load.ndjson');
    const load = startLoad({ url: platform.router().url, host: HOST, rate: 200, log, paths: ['/ok', '/sleep?20'] });
    await systemClock.sleep(800);
    await platform.apply(context, route({ 2: 1 }));
    await platform.apply(context, scale(1, 0));
    await observeUntil(platform, context, (seen) => seen.releases[1] === undefined);
    await systemClock.sleep(500);
    const seen = await load.stop();
    expect(summarise(seen)).toMatchObject({ failed: 0, bad: 0 });
    expect(summarise(seen).byRelease).toMatchObject({
      1: expect.any(Number) as number,
      2: expect.any(Number) as number,
    });
  });

  test('a core module is refused with what to do', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await start(rig);
    const image = await rig.putImage(GATEWAY);
    const wanted = contextOf({ releases: RELEASES, engine: 'wasmtime', image, key: context.key });
    await platform.apply(wanted, scale(1, 1));
    const seen = await observeUntil(platform, wanted, ({ releases }) => releases[1]?.failure !== null);
    expect(seen.releases[1]?.failure).toMatch(/holds a core module.*wasm32-wasip2/);
  });
});
