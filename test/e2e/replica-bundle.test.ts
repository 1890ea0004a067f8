/** The replica host as it is shipped: one file that needs Node and nothing else, wherever it lies. */

import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { prepareModule } from '../../src/platforms/embedded/replica/prepare-module.ts';
import { expectNoLeftovers } from '../leftovers.ts';
import { MISBEHAVE } from '../rigs/replica-rig.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = temporaryFolder('slipway-bundle-');

afterAll(async () => {
  await expectNoLeftovers(folder);
  rmSync(folder, { recursive: true });
});

const bundle = join(folder, 'replica.mjs');

test('the bundle imports only what Node has', () => {
  execFileSync(process.execPath, ['build.ts'], { cwd: ROOT });
  copyFileSync(join(ROOT, 'dist/replica.js'), bundle);
  const names = [...readFileSync(bundle, 'utf8').matchAll(/^import .*?["']([^"']+)["'];$/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(3);
  expect(names.filter((name) => !isBuiltin(name ?? ''))).toEqual([]);
});

test('the bundle alone serves, and its watchdog ends a request that runs too long', async () => {
  const transpiled = await prepareModule({ bytes: readFileSync(MISBEHAVE), cacheFolder: folder });
  const config = join(folder, 'replica.json');
  const port = 20_000 + (process.pid % 10_000);
  const listen = { host: '127.0.0.1', port };
  writeFileSync(config, JSON.stringify({ listen, transpiled, requestDeadline: 400 }));
  const child = spawn(process.execPath, [bundle], {
    cwd: '/',
    env: { SLIPWAY_REPLICA: config, GREETING: 'from outside' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal)));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  await expect.poll(() => get('/ok').catch(() => ''), { timeout: 10_000 }).toBe('ok\n');
  expect(await get('/env')).toBe('GREETING=from outside\n');
  await expect(get('/loop')).rejects.toThrow(/fetch failed/);
  expect(await ended).toBe('SIGKILL');
  expect(said).toBe('slipway: request deadline exceeded: GET /loop ran longer than 400 ms\n');
});
