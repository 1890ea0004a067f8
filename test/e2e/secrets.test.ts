/** Secrets all the way: from a reference in `slipway.yaml` to what a service sees, and to nowhere else. */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { findReplicas } from '../../src/platforms/embedded/adoption.ts';
import { openHomePaths } from '../../src/platforms/embedded/home-paths.ts';
import { expectNoLeftovers, leftoversOf } from '../leftovers.ts';
import { askAt } from '../rigs/embedded-rig.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const FIRST = 'correct-horse-battery';
const SECOND = 'staple-of-another-kind';
const CERTIFICATE = 'first line of it\nsecond line of it';

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Site {
  readonly home: string;
  slipway(secret: string | undefined, ...args: readonly string[]): Answer;
  deploy(secret: string | undefined): Answer;
  /** Of the service, as it is now. */
  ask(path: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

function prepareSite(): Site {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-secrets-'));
  const project = join(scratch, 'gateway');
  const home = join(scratch, 'home');
  cpSync(join(CHECKOUT, 'test/fixtures/services/gateway'), project, { recursive: true });
  writeFileSync(join(scratch, 'certificate.pem'), `${CERTIFICATE}\n`);
  writeFileSync(
    join(project, 'slipway.yaml'),
    [
      'service: gateway',
      'build: { target: wasm32-wasip1 }',
      'checks: { format: false, lint: false }',
      'tests: { unit: false, integration: false }',
      'image: { platforms: [wasi/wasm] }',
      'environments: { local: { secrets: { TOKEN: env:GATEWAY_TOKEN, CERTIFICATE: "file:../certificate.pem" } } }',
      '',
    ].join('\n'),
  );
  const git = (...args: string[]) => execFileSync('git', args, { cwd: project, stdio: 'ignore' });
  git('init', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.invalid', 'commit', '--message', 'test');
  let address = new URL('http://nowhere');

  const slipway = (secret: string | undefined, ...args: readonly string[]): Answer => {
    const own = { SLIPWAY_HOME: home, SLIPWAY_CACHE: join(scratch, 'cache'), SLIPWAY_PORT: '0' };
    const env = { ...process.env, ...own, CI: undefined, GATEWAY_TOKEN: secret };
    return spawnSync(join(CHECKOUT, 'bin/slipway'), args, { cwd: project, env, encoding: 'utf8' });
  };
  return {
    home,
    slipway,
    deploy(secret) {
      const answer = slipway(secret, 'deploy', 'local', '--no-wait');
      address = new URL(/it answers at (\S+)/.exec(answer.stdout)?.[1] ?? address);
      return answer;
    },
    ask: async (path) => (await askAt(address, path)).body,
    async [Symbol.asyncDispose]() {
      slipway(undefined, 'down');
      await expectNoLeftovers(scratch);
      rmSync(scratch, { recursive: true });
    },
  };
}

/** Files below a folder in which one of the texts is, seen from the folder. */
function filesWith(folder: string, texts: readonly string[]): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && texts.some((text) => readFileSync(path).includes(text)))
    .map((path) => relative(folder, path));
}

test('a secret reaches its service and nothing else, and another value of it is another release', async () => {
  await using site = prepareSite();
  const { home, slipway, deploy, ask } = site;

  const missing = deploy(undefined);
  expect(missing.status).toBe(2);
  expect(missing.stderr).toMatch(
    /The secret TOKEN is not there: the environment variable GATEWAY_TOKEN does not exist/,
  );
  expect(deploy('').stderr).toMatch(/The secret TOKEN is empty/);

  expect(deploy(FIRST)).toMatchObject({ status: 0 });
  await expect.poll(() => ask('/env'), { timeout: 30_000 }).toContain(`TOKEN=${FIRST}\n`);
  expect(await ask('/env')).toContain(`CERTIFICATE=${CERTIFICATE}\n`);

  const values = [FIRST, ...CERTIFICATE.split('\n')];
  const found = filesWith(home, values);
  expect(found).toHaveLength(2);
  for (const path of found) expect(path).toMatch(/^secrets\/[0-9a-f]{16}$/);
  for (const { identity } of findReplicas(openHomePaths(home))) {
    const environment = readFileSync(`/proc/${identity.pid}/environ`, 'utf8');
    for (const value of values) expect(environment).not.toContain(value);
  }
  for (const { command } of leftoversOf(home)) for (const value of values) expect(command).not.toContain(value);

  const promoted = async (): Promise<void> => {
    slipway(undefined, 'promote', '--full');
    await expect.poll(() => slipway(undefined, 'status').stdout, { timeout: 30_000 }).toMatch(/local\s+healthy/);
  };
  await promoted();

  // The same value is the same release; another one is another, and back again is the first.
  const releases = (): string => slipway(undefined, 'history', '--json').stdout;
  expect(deploy(FIRST).stdout).toMatch(/already|is there/);
  const before = releases();
  expect(before).not.toContain(FIRST);
  expect(deploy(SECOND).stdout).toMatch(/#2/);
  await expect.poll(() => ask('/env'), { timeout: 30_000 }).toContain(`TOKEN=${SECOND}\n`);

  // What a service says itself is in its log; it is not shown.
  await ask(`/log?${SECOND}`);
  await expect.poll(() => slipway(undefined, 'logs', 'local').stdout, { timeout: 10_000 }).toContain('err [secret]');
  expect(slipway(undefined, 'logs', 'local').stdout).not.toContain(SECOND);
  for (const args of [['status', '--json'], ['why'], ['history', '--json']])
    expect(JSON.stringify(slipway(undefined, ...args))).not.toMatch(/staple|horse|second line/);

  // A release of which a secret is gone is not gone back to: no traffic moves.
  await promoted();
  for (const path of filesWith(home, [FIRST])) if (path.startsWith('secrets/')) rmSync(join(home, path));
  const refused = slipway(undefined, 'rollback');
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(/no longer the version of TOKEN/);
  expect(await ask('/env')).toContain(`TOKEN=${SECOND}\n`);
});
