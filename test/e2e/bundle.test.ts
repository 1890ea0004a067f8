/** The bundle, as `bin/slipway` runs it: each command's code is in a file of its own, which must load and find the others. */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runBriefly } from '../../src/kernel/subprocess.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';

const checkout = join(import.meta.dirname, '../..');
const root = temporaryFolder();
const project = join(root, 'tally');
const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? root,
  SLIPWAY_HOME: join(root, 'home'),
  SLIPWAY_CACHE: join(root, 'cache'),
};
const slipway = (words: readonly string[], cwd = project) =>
  runBriefly({ program: join(checkout, 'bin', 'slipway'), args: words, cwd, env, timeout: 60_000 });

beforeAll(() => {
  execFileSync(process.execPath, [join(checkout, 'build.ts')]);
  cpSync(join(checkout, 'test/fixtures/tally'), project, { recursive: true });
  mkdirSync(join(root, 'empty'));
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: project, stdio: 'ignore' });
  git('init', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.invalid', 'commit', '--message', 'test');
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const scenario = join(checkout, 'test/scenarios', 'first-deployment.yaml');
/** With what each is started so that its own code runs, without a toolchain and without an agent. */
const COMMANDS: readonly (readonly string[])[] = [
  ['init', '--yes'],
  ['config'],
  ['schema'],
  ['plan'],
  ['run', 'check'],
  ['image', 'inspect'],
  ['status'],
  ['history'],
  ['why'],
  ['logs'],
  ['rehearse', scenario],
  ['promote'],
  ['abort'],
  ['retry'],
  ['pause'],
  ['resume'],
  ['rollback'],
  ['approve'],
  ['reject'],
  ['backtest', join(checkout, 'test/fixtures/backtest/counters.ndjson')],
  ['manifests', 'production'],
  ['rbac'],
  ['ci', 'generate', 'jenkins', '--stdout'],
  ['doctor'],
  ['down'],
];

test.each(COMMANDS.map((words) => [words.join(' ').replace(`${checkout}/`, ''), words] as const))(
  'slipway %s finds all of its code',
  async (_name, words) => {
    const { exitCode, stderr } = await slipway(words);
    expect(stderr).not.toContain('bug in Slipway');
    expect([0, 1, 2, 3]).toContain(exitCode);
  },
  60_000,
);

test('every command of the help is among these, or needs an agent', async () => {
  const { stdout } = await slipway(['--help']);
  const named = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]);
  const tried = COMMANDS.map(([name]) => name);
  expect(new Set(named)).toEqual(new Set([...tried, 'deploy', 'serve', 'help']));
});

test.each(['init', 'config', 'schema', 'plan', 'run', 'image', 'status', 'promote', 'serve', 'down'])(
  'slipway %s --help is of that command',
  async (name) => {
    const { exitCode, stdout } = await slipway([name, '--help'], join(root, 'empty'));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: slipway ${name}`);
  },
);

test('the load generator of the bundle finds what it is made of', async () => {
  const server = createServer((_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const order = { url: `http://127.0.0.1:${port}/`, host: 'x', rate: 10, seconds: 1, connections: 1 };
  const args = [join(checkout, 'dist', 'load.js'), JSON.stringify(order)];
  const { stdout } = await runBriefly({ program: process.execPath, args, cwd: root, env, timeout: 20_000 });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(JSON.parse(stdout)).toMatchObject({ unanswered: 0, reachable: true });
});

test('what each run loads brings no parser of project files or of images, and no platform', () => {
  const dist = join(checkout, 'dist');
  const chunks = readdirSync(dist).filter((name) => /^slipway-(run|tasks)-/.test(name));
  expect(chunks).toHaveLength(2);
  for (const name of chunks)
    expect(readFileSync(join(dist, name), 'utf8')).not.toMatch(
      /node_modules\/(zod|yaml|@kubernetes)\/|region src\/platforms\//,
    );
});

test('bin/slipway bundles again when a source was edited, came or went, and else does not', () => {
  const copy = join(root, 'copy');
  mkdirSync(copy);
  for (const name of ['bin', 'build.ts', 'package.json', 'package-lock.json', 'src']) {
    cpSync(join(checkout, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'));
  const version = () => execFileSync(join(copy, 'bin', 'slipway'), ['--version'], { encoding: 'utf8' }).trim();
  const stamp = () => readFileSync(join(copy, 'dist', 'stamp'), 'utf8');

  expect(version()).toBe('0.1.0');
  const system = join(copy, 'src', 'system.ts');
  writeFileSync(system, readFileSync(system, 'utf8').replace("'0.1.0'", "'0.1.9'"));
  expect(version()).toBe('0.1.9');

  const folder = join(copy, 'src', 'fresh');
  const stamps = [stamp()];
  const after = (change: () => void): void => {
    change();
    version();
    stamps.push(stamp());
  };
  after(() => mkdirSync(folder));
  after(() => writeFileSync(join(folder, 'fresh.ts'), 'export {};\n'));
  after(() => rmSync(join(folder, 'fresh.ts')));
  expect(new Set(stamps).size).toBe(3);
  expect(stamps[3]).toBe(stamps[1]);

  const { mtimeMs } = statSync(join(copy, 'dist', 'stamp'));
  version();
  expect(statSync(join(copy, 'dist', 'stamp')).mtimeMs).toBe(mtimeMs);
}, 60_000);
