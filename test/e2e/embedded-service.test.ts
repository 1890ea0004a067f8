/** The embedded platform with real WebAssembly: out of an image, through the replica host, behind the router. */

import { readFileSync } from 'node:fs';
import { request as startRequest } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EnvironmentContext, Observation } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { openLayout } from '../../src/oci/index.ts';
import { putSampleImage } from '../../src/oci/sample-image.ts';
import { type EmbeddedPlatform, readServiceLogs } from '../../src/platforms/embedded/index.ts';
import { startLoad, summarise } from '../load/load.ts';
import {
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
import { until } from '../rigs/router-rig.ts';

const ROOT = join(import.meta.dirname, '../..');
const LIMITS = { memory: 64 * 1024 * 1024, request: 500 };

/** Two releases of the one service that misbehaves on request; the second only gets what asks for it. */
async function bothUp(rig: EmbeddedRig): Promise<{ platform: EmbeddedPlatform; context: EnvironmentContext }> {
  const layout = openLayout({ folder: join(rig.home, 'images'), create: true });
  const code = readFileSync(join(ROOT, 'test/fixtures/services/misbehave.wasm'));
  const image = (await putSampleImage(layout, 'greeter', code)).index.digest;
  const platform = rig.realPlatform();
  await platform.start();
  const plain = contextOf({ releases: { 1: { RELEASE: 'one' }, 2: { RELEASE: 'two' } }, limits: LIMITS });
  const releases = Object.fromEntries(
    Object.entries(plain.releases).map(([number, release]) => [
      number,
      { ...release, content: { ...release.content, image } },
    ]),
  );
  const context = { ...plain, releases };
  for (const release of [1, 2]) await platform.apply(context, scale(release, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
  const both = route({ 1: 1 }, { match: { headers: { 'x-try': 'two' }, release: 2 } });
  await platform.apply(context, both);
  return { platform, context };
}

interface Answer {
  readonly status: number;
  readonly release: number;
  readonly body: string;
}

function ask(
  platform: EmbeddedPlatform,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { agent: false as const, headers: { host: HOST, ...headers } };
    const request = startRequest(`${platform.router().url}${path}`, options, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, release: Number(answer.headers['x-slipway-release']), body }),
      );
    });
    request.on('error', reject).end();
  });
}

function sumOf({ counters }: Observation, release: number, what: 'requests' | 'errors' | 'traps' | 'timeouts'): number {
  return (counters ?? []).filter((row) => row.release === release).reduce((sum, row) => sum + row[what], 0);
}

test('a component out of an image serves, with the configuration of its release, and its output is in the logs', async () => {
  await using rig = createEmbeddedRig();
  const { platform } = await bothUp(rig);
  expect(await ask(platform, '/ok')).toEqual({ status: 200, release: 1, body: 'ok\n' });
  expect((await ask(platform, '/env', { 'x-try': 'two' })).body).toBe('RELEASE=two\n');
  await ask(platform, '/log?hello');
  await until(async () => {
    const lines: string[] = [];
    const query = { home: rig.home, key: KEY, last: 100, follow: false, clock: systemClock };
    for await (const line of readServiceLogs(query)) {
      lines.push(
        line.kind === 'request'
          ? `${line.request.path} ${line.request.status}`
          : `${line.kind} #${line.release} ${line.text}`,
      );
    }
    expect(lines).toEqual(expect.arrayContaining(['stdout #1 out hello', 'stderr #1 err hello', '/log?hello 200']));
  });
});

const MISDEEDS = [
  { path: '/loop', counted: 'timeouts', statuses: [504], restarted: true },
  { path: '/allocate', counted: 'traps', statuses: [500], restarted: false },
  { path: '/trap', counted: 'traps', statuses: [500], restarted: false },
] as const;

test.each(MISDEEDS)('a candidate that does $path takes nothing from the stable release', async (misdeed) => {
  await using rig = createEmbeddedRig();
  const { platform, context } = await bothUp(rig);
  const log = join(rig.home, 'load.ndjson');
  const load = startLoad({ url: platform.router().url, host: HOST, rate: 200, log, paths: ['/ok'] });
  const answers: Answer[] = [];
  const end = performance.now() + 3000;
  while (performance.now() < end) {
    answers.push(await ask(platform, misdeed.path, { 'x-try': 'two' }));
    await systemClock.sleep(50);
  }
  const seen = await load.stop();
  const observation = await platform.observe(context);
  expect(summarise(seen)).toMatchObject({ failed: 0, bad: 0, byRelease: { 1: seen.length } });
  expect(seen.length).toBeGreaterThan(500);
  const own = answers.filter(({ release }) => release === 2);
  expect(own.length).toBeGreaterThanOrEqual(2);
  expect(misdeed.statuses).toContain(own[0]?.status);
  expect(sumOf(observation, 2, misdeed.counted)).toBeGreaterThanOrEqual(1);
  expect(sumOf(observation, 2, 'requests')).toBe(own.length);
  expect(sumOf(observation, 1, 'errors')).toBe(0);
  expect((observation.releases[2]?.restarts ?? 0) > 0).toBe(misdeed.restarted);
});
