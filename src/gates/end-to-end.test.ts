import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runGate, serveRelease } from '../../test/rigs/gate-rig.ts';
import type { EndToEndPlan, GateVerdict } from '../delivery/index.ts';
import { systemClock } from '../kernel/clock.ts';
import { readIfThere, temporaryFolder } from '../kernel/workspace.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('slipway-e2e-');
});
afterEach(() => rmSync(folder, { recursive: true }));

const URL_OF_RELEASE = 'http://7.herald.staging.localhost:7878';

function run(what: string, signal?: AbortSignal): Promise<GateVerdict> {
  return runGate({ gate: 'e2e' }, { url: URL_OF_RELEASE, endToEnd: { kind: 'run', what, folder } }, signal);
}

describe("a project's own tests", () => {
  test('run in its folder and know where the release answers', async () => {
    writeFileSync(join(folder, 'e2e.sh'), '#!/bin/sh\necho "$SLIPWAY_URL" > asked; pwd >> asked\n');
    chmodSync(join(folder, 'e2e.sh'), 0o755);
    expect(await run('./e2e.sh')).toEqual({ kind: 'passed', summary: './e2e.sh passed' });
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe(`${URL_OF_RELEASE}\n${folder}\n`);
  });

  test('fail with what they said last', async () => {
    expect(await run('echo one; echo "login is broken" >&2; exit 3')).toMatchObject({
      kind: 'failed',
      summary: expect.stringContaining('ended with exit code 3: one | login is broken') as string,
    });
  });

  test('that are not there, or may not be run, say nothing about the release', async () => {
    writeFileSync(join(folder, 'e2e.sh'), '#!/bin/sh\n');
    expect(await run('./e2e.sh')).toMatchObject({ kind: 'error' });
    expect(await run('./missing.sh')).toMatchObject({ kind: 'error' });
    expect(await runGate({ gate: 'e2e' }, { url: URL_OF_RELEASE })).toEqual({
      kind: 'error',
      summary: 'the project has no tests.e2e',
    });
  });

  test('are ended with all that they have started', async () => {
    const stop = new AbortController();
    const running = run('sh -c "sleep 0.2; echo alive > alive; sleep 60" & echo $! > child; wait', stop.signal);
    while ((readIfThere(join(folder, 'child')) ?? '') === '') await systemClock.sleep(5);
    stop.abort();
    expect(await running).toEqual({ kind: 'error', summary: 'it was stopped' });
    await systemClock.sleep(500);
    expect(readIfThere(join(folder, 'alive'))).toBeUndefined();
  });
});

describe('a Postman collection', { timeout: 30_000 }, () => {
  const plan = (): EndToEndPlan => ({ kind: 'postman', what: 'api.json', folder });
  const write = (...names: readonly string[]): void => {
    const item = names.map((name) => ({
      name,
      event: [{ listen: 'test', script: { exec: [`pm.test('is well', () => pm.response.to.have.status(200));`] } }],
      request: { method: 'GET', url: `{{baseUrl}}/${name}` },
    }));
    const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
    writeFileSync(join(folder, 'api.json'), JSON.stringify({ info: { name: 'api', schema }, item }));
  };

  test('is asked of the release by its own address', async () => {
    await using server = await serveRelease((_request, response) => response.end());
    write('health', 'notes');
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('slipway-postman-'));
    expect(await runGate({ gate: 'e2e' }, { url: server.url, endToEnd: plan() })).toEqual({
      kind: 'passed',
      summary: '2 assertions in 2 requests of api.json hold',
    });
    const { host } = new URL(server.url);
    expect(server.asked.map((asked) => [asked.host, asked.path])).toEqual([
      [host, '/health'],
      [host, '/notes'],
    ]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('slipway-postman-'))).toEqual(before);
  });

  test('names what does not hold', async () => {
    await using server = await serveRelease((request, response) => {
      response.statusCode = request.url === '/notes' ? 500 : 200;
      response.end();
    });
    write('health', 'notes');
    const { kind, summary } = await runGate({ gate: 'e2e' }, { url: server.url, endToEnd: plan() });
    expect(kind).toBe('failed');
    expect(summary).toMatch(/^1 of 2 assertions in 2 requests of api\.json fail: notes: is well: expected .*500/);
  });

  test('that is none says nothing about the release', async () => {
    const missing = await runGate({ gate: 'e2e' }, { url: URL_OF_RELEASE, endToEnd: plan() });
    expect(missing).toMatchObject({ kind: 'error' });
    writeFileSync(join(folder, 'api.json'), '{"item":');
    expect(await runGate({ gate: 'e2e' }, { url: URL_OF_RELEASE, endToEnd: plan() })).toMatchObject({ kind: 'error' });
    write();
    expect(await runGate({ gate: 'e2e' }, { url: URL_OF_RELEASE, endToEnd: plan() })).toMatchObject({ kind: 'error' });
  });
});
