/**
 * A core module of WASI preview 1 in the form of WAGI: on the embedded platform out of an image, and all the way from
 * `build.target: wasm32-wasip1` to an answer.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EnvironmentContext, Observation } from '../../src/delivery/index.ts';
import type { EmbeddedPlatform } from '../../src/platforms/embedded/index.ts';
import { expectNoLeftovers } from '../leftovers.ts';
import {
  ask,
  askAt,
  contextOf,
  createEmbeddedRig,
  type EmbeddedRig,
  observeUntil,
  readyCount,
  route,
  scale,
} from '../rigs/embedded-rig.ts';
import { GATEWAY } from '../rigs/replica-rig.ts';
import { until } from '../rigs/router-rig.ts';

const CHECKOUT = join(import.meta.dirname, '../..');

async function start(rig: EmbeddedRig): Promise<{ platform: EmbeddedPlatform; context: EnvironmentContext }> {
  const image = await rig.putImage(GATEWAY);
  const limits = { memory: 24 * 1024 * 1024, request: 500 };
  const context = contextOf({ releases: { 1: { GREETING: 'hi' } }, limits, image });
  const platform = rig.realPlatform();
  await platform.start();
  await platform.apply(context, scale(1, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
  await platform.apply(context, route({ 1: 1 }));
  return { platform, context };
}

function sumsOf({ counters }: Observation): readonly number[] {
  const sum = (what: 'requests' | 'errors' | 'traps' | 'timeouts'): number =>
    (counters ?? []).reduce((all, row) => all + row[what], 0);
  return [sum('requests'), sum('errors'), sum('traps'), sum('timeouts')];
}

test('a core module out of an image serves, with what its release sets and nothing of the machine', async () => {
  await using rig = createEmbeddedRig();
  const { platform } = await start(rig);
  expect(await ask(platform, '/ok')).toEqual({ status: 200, release: 1, body: 'ok\n' });
  const headers = { 'x-name': 'value', proxy: 'http://evil', 'content-type': 'text/plain' };
  const { body } = await ask(platform, { path: '/env?a=b', method: 'POST', headers, body: '1234' });
  const lines = body.split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'GREETING=hi',
      'REQUEST_METHOD=POST',
      'QUERY_STRING=a=b',
      'CONTENT_LENGTH=4',
      'CONTENT_TYPE=text/plain',
      'HTTP_X_NAME=value',
      'SERVER_NAME=greeter.local.localhost',
    ]),
  );
  expect(body).not.toMatch(/^(?:PATH=|HOME=|SLIPWAY_|NODE_|HTTP_PROXY)/m);
  expect((await ask(platform, { path: '/echo', method: 'POST', body: 'x'.repeat(100_000) })).body).toHaveLength(
    100_000,
  );
  expect((await ask(platform, '/reach')).body).toBe('refused refused refused refused\n');
  expect((await ask(platform, '/nowhere')).status).toBe(404);
});

test('a trap is a 500 and counted as one, an exit code a 502, and the replica goes on', async () => {
  await using rig = createEmbeddedRig();
  const { platform, context } = await start(rig);
  const statuses: number[] = [];
  for (const path of ['/trap', '/allocate', '/exit?3', '/silent', '/ok'])
    statuses.push((await ask(platform, path)).status);
  expect(statuses).toEqual([500, 500, 502, 502, 200]);
  const seen = await platform.observe(context);
  expect(sumsOf(seen)).toEqual([5, 4, 2, 0]);
  expect(seen.releases[1]).toMatchObject({ ready: 1, restarts: 0 });
});

test('an endless loop is ended at the limit of a request, counted as a time-out, and the replica replaced', async () => {
  await using rig = createEmbeddedRig();
  const { platform, context } = await start(rig);
  expect((await ask(platform, '/loop')).status).toBe(504);
  const seen = await observeUntil(
    platform,
    context,
    (now) => now.releases[1]?.restarts === 1 && readyCount(now, 1) === 1,
  );
  expect(sumsOf(seen)).toEqual([1, 1, 0, 1]);
  await until(async () => expect((await ask(platform, '/ok')).status).toBe(200));
});

test('a project that is built for wasm32-wasip1 is deployed and answers', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-wagi-'));
  const project = join(scratch, 'gateway');
  cpSync(join(CHECKOUT, 'test/fixtures/services/gateway'), project, { recursive: true });
  writeFileSync(
    join(project, 'slipway.yaml'),
    [
      'service: gateway',
      'build: { target: wasm32-wasip1 }',
      'checks: { format: false, lint: false }',
      'tests: { unit: false, integration: false }',
      'image: { platforms: [wasi/wasm] }',
      'environments: { local: { config: { GREETING: hello } } }',
      '',
    ].join('\n'),
  );
  const env = {
    ...process.env,
    SLIPWAY_HOME: join(scratch, 'home'),
    SLIPWAY_CACHE: join(scratch, 'cache'),
    SLIPWAY_PORT: '0',
  };
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { cwd: project, env, encoding: 'utf8' });
  const slipway = join(CHECKOUT, 'bin/slipway');
  try {
    run('git', 'init', '--quiet', '--initial-branch=main');
    run('git', 'add', '--all');
    run(
      'git',
      '-c',
      'user.name=test',
      '-c',
      'user.email=test@example.invalid',
      'commit',
      '--quiet',
      '--message',
      'test',
    );
    const told = run(slipway, 'deploy', 'local', '--no-wait');
    const address = new URL(/it answers at (\S+)/.exec(told)?.[1] ?? '');
    await expect.poll(async () => (await askAt(address, '/ok')).body, { timeout: 30_000 }).toBe('ok\n');
    expect((await askAt(address, '/env')).body).toContain('GREETING=hello\n');
  } finally {
    run(slipway, 'down');
    await expectNoLeftovers(scratch);
    rmSync(scratch, { recursive: true });
  }
});
