import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  ask,
  contextOf,
  createEmbeddedRig,
  type EmbeddedRig,
  observeUntil,
  readyCount,
  route,
  scale,
} from '../../../test/rigs/embedded-rig.ts';
import { GATEWAY, MISBEHAVE } from '../../../test/rigs/replica-rig.ts';
import { until } from '../../../test/rigs/router-rig.ts';
import { systemClock } from '../../kernel/clock.ts';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { findReplicas } from './adoption.ts';
import { openHomePaths } from './home-paths.ts';
import { openSecretStore } from './secret-store.ts';
import { wasmtimeCommand } from './wasmtime-command.ts';
import { checkForWasmtime, findWasmtime } from './wasmtime.ts';

const STUB = join(import.meta.dirname, '../../../test/fixtures/replicas/stub-wasmtime.mjs');

const work = temporaryFolder('slipway-wasmtime-');
afterAll(() => rmSync(work, { recursive: true }));

/** A program named `wasmtime` that says this of itself, and serves as the stub does; the folder that it is in. */
function programThatSays(version: string): string {
  const folder = join(work, version.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'wasmtime');
  writeFileSync(program, `#!/bin/sh\nSTUB_VERSION='${version}' exec ${process.execPath} ${STUB} "$@"\n`);
  chmodSync(program, 0o755);
  return folder;
}

const CURRENT = programThatSays('wasmtime 48.0.8 (fe2c4b4 2026-09-20)');

describe('the program', () => {
  test('is the one that is named, else the first on the path', async () => {
    const program = join(CURRENT, 'wasmtime');
    expect(await findWasmtime({ PATH: `/nowhere:${CURRENT}` })).toBe(program);
    expect(await findWasmtime({ PATH: '/nowhere', SLIPWAY_WASMTIME: program })).toBe(program);
    expect(await findWasmtime({ PATH: programThatSays('wasmtime-cli 36.0.0') })).toMatch(/wasmtime$/);
  });

  test('that is not there is told with what to do', async () => {
    await expect(findWasmtime({ PATH: '/nowhere' })).rejects.toMatchObject({
      code: 'embedded/no-wasmtime',
      message: 'wasmtime, which is to run the replicas, is not on the PATH of the agent.',
      hint: expect.stringContaining('SLIPWAY_WASMTIME') as string,
    });
    const SLIPWAY_WASMTIME = '/nowhere/wasmtime';
    await expect(findWasmtime({ PATH: CURRENT, SLIPWAY_WASMTIME })).rejects.toMatchObject({
      code: 'embedded/no-wasmtime',
      message: 'SLIPWAY_WASMTIME names /nowhere/wasmtime, which is no program.',
    });
  });

  test.each(['wasmtime-cli 35.0.1', 'wasmtime 9.0.0', 'hello', ''])(
    'that calls itself %j will not do',
    async (said) => {
      await expect(findWasmtime({ PATH: programThatSays(said) })).rejects.toMatchObject({
        code: 'embedded/old-wasmtime',
        message: expect.stringContaining('wasmtime 36 or newer is needed') as string,
      });
    },
  );
});

describe('what it is given', () => {
  test('may not be a core module, nor want to send requests of its own', async () => {
    expect(checkForWasmtime(readFileSync(MISBEHAVE))).toBeGreaterThanOrEqual(65_536);
    expect(() => checkForWasmtime(readFileSync(GATEWAY))).toThrow('takes components');
    const outgoing = await parse(`(component
      (import "wasi:http/outgoing-handler@0.2.9" (instance))
      (instance $handler)
      (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`);
    expect(() => checkForWasmtime(outgoing)).toThrow('would let its requests out to any address');
  });

  const limits = { memory: 1e6, request: 500 };
  const order = { program: '/bin/wasmtime', component: '/a.wasm', startsWith: 65_536, limits };

  test('may not start with more memory than it may have', () => {
    const large = { ...order, startsWith: 2e6, config: {}, secrets: {} };
    expect(() => wasmtimeCommand(large)).toThrow('starts with 2000000 bytes of memory, but may have 1000000');
  });

  test('has no value of a secret on the command line, also when the configuration has the same name', () => {
    const config = { GREETING: 'hi=there', TOKEN: 'plain' };
    const { program, env } = wasmtimeCommand({ ...order, config, secrets: { TOKEN: 'correct horse' } });
    expect(program.join(' ')).toContain('--env GREETING=hi=there --env TOKEN /a.wasm');
    expect(program.join(' ')).not.toMatch(/horse|plain/);
    expect(env).toEqual({ TOKEN: 'correct horse' });
  });

  test.each(['LD_PRELOAD', 'HOME', 'RUST_BACKTRACE', 'WASMTIME_LOG', 'SLIPWAY_REPLICA'])(
    'may not be a secret that wasmtime would heed: %s',
    (name) => {
      expect(() => wasmtimeCommand({ ...order, config: {}, secrets: { [name]: 'x' } })).toThrow(name);
    },
  );
});

/** One replica of wasmtime's (the stub) is up and gets all requests. */
async function oneUp(rig: EmbeddedRig, config: Readonly<Record<string, string>> = {}) {
  const image = await rig.putImage(MISBEHAVE);
  const secrets = await openSecretStore({ home: rig.home, clock: systemClock }).put({ TOKEN: 'correct horse' });
  const environment = { PATH: CURRENT };
  const platform = rig.realPlatform(environment);
  await platform.start();
  const context = contextOf({ releases: { 1: config }, engine: 'wasmtime', image, secrets });
  await platform.apply(context, scale(1, 1));
  return { platform, context, environment };
}

test('a replica of wasmtime is started, told what our own would be told, found by the router, and ended', async () => {
  await using rig = createEmbeddedRig();
  const { platform, context } = await oneUp(rig, { GREETING: 'hi' });
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
  await platform.apply(context, route({ 1: 1 }));
  expect(await ask(platform, '/env')).toEqual({
    status: 200,
    release: 1,
    body: JSON.stringify({ GREETING: 'hi', TOKEN: 'correct horse' }),
  });
  const { pid } = JSON.parse((await ask(platform, '/')).body) as { pid: number };
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('horse');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  expect(Number(stat[16])).toBeGreaterThanOrEqual(10);
  const { counters } = await platform.observe(context);
  expect(counters?.reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
  await platform.apply(context, route({}));
  await platform.apply(context, scale(1, 0));
  await observeUntil(platform, context, (seen) => seen.releases[1] === undefined);
  expect(findReplicas(openHomePaths(rig.home))).toEqual([]);
});

test('it is seen and mended when it ends, and taken over by the next agent', async () => {
  await using rig = createEmbeddedRig();
  const { platform, context, environment } = await oneUp(rig);
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
  await platform.apply(context, route({ 1: 1 }));
  expect((await ask(platform, '/exit')).status).toBe(502);
  await observeUntil(platform, context, (seen) => seen.releases[1]?.restarts === 1 && readyCount(seen, 1) === 1);
  await until(async () => expect((await ask(platform, '/')).status).toBe(200));
  const { body } = await ask(platform, '/');
  await platform.stop({ everything: false });
  // As after a rotation: where it listens must not be known from its output alone.
  const [found] = findReplicas(openHomePaths(rig.home));
  writeFileSync(openHomePaths(rig.home).replica(context.key, found?.id ?? '').stderr, '');

  const next = rig.realPlatform(environment);
  await next.start();
  const seen = await observeUntil(next, context, (now) => readyCount(now, 1) === 1);
  expect(seen.releases[1]?.restarts).toBe(1);
  expect((await ask(next, '/')).body).toBe(body);
});

test('one that can not start is a crash loop and says why in its own words, but no secret', async () => {
  await using rig = createEmbeddedRig();
  const { platform, context } = await oneUp(rig, { STUB_FAIL_START: 'no table for correct horse' });
  const seen = await observeUntil(platform, context, ({ releases }) => releases[1]?.failure !== null);
  expect(seen.releases[1]?.failure).toMatch(
    /^its replicas have ended 3 times in a row .*; the last one ended with exit code 1: no table for \[secret\]$/,
  );
});

test('without the program the release says so, before and when it is started, and goes on once it is there', async () => {
  await using rig = createEmbeddedRig();
  const bin = join(rig.home, 'bin');
  mkdirSync(bin);
  const platform = rig.realPlatform({ PATH: bin });
  await platform.start();
  const context = contextOf({ releases: { 1: {} }, engine: 'wasmtime', image: await rig.putImage(MISBEHAVE) });
  const reason = expect.stringMatching(/^wasmtime, .* is not on the PATH of the agent\. Install it .*/) as string;
  const [release] = Object.values(context.releases);
  if (release === undefined) throw new Error('no release');
  expect(await platform.check(context, release)).toEqual(reason);
  await platform.apply(context, scale(1, 1));
  const seen = await observeUntil(platform, context, ({ releases }) => releases[1]?.failure !== null);
  expect(seen.releases[1]).toMatchObject({ ready: 0, failure: reason });
  writeFileSync(join(bin, 'wasmtime'), readFileSync(join(CURRENT, 'wasmtime')), { mode: 0o755 });
  await observeUntil(platform, context, (now) => readyCount(now, 1) === 1);
  expect(await platform.check(context, release)).toBeNull();
});
