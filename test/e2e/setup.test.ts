/** `bin/setup` on a bare clone, with the real npm registry. */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../../src/kernel/subprocess.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';

const root = temporaryFolder();
const clone = join(root, 'clone');
afterAll(() => rmSync(root, { recursive: true, force: true }));

// As for someone with an old Node only: nothing of this checkout's node_modules on PATH.
const searchPath = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'));

async function run(program: string, args: readonly string[], extra: Record<string, string> = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_OPTIONS)/.test(name));
  const env = { ...Object.fromEntries(inherited.map(([name, value]) => [name, value ?? ''])), ...extra };
  return runCommand({ program, args, cwd: root, env: { ...env, PATH: searchPath.join(':') } });
}

test('a bare clone gets its packages and Node 24 even where npm runs no install scripts, and a second call does nothing', async () => {
  await run('git', ['clone', '--quiet', join(import.meta.dirname, '../..'), clone]);
  const first = await run('sh', [join(clone, 'bin/setup')], { npm_config_ignore_scripts: 'true' });
  expect(first).toMatchObject({ exitCode: 0 });
  const { stdout } = await run(join(clone, 'node_modules/.bin/node'), ['--version']);
  expect(stdout).toMatch(/^v24\./);

  const second = await run('sh', [join(clone, 'bin/setup')]);
  expect(second).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });

  // Packages that are there already are looked at, not installed again.
  rmSync(join(clone, 'node_modules/.slipway-setup'));
  const third = await run('sh', [join(clone, 'bin/setup')]);
  expect(third).toMatchObject({ exitCode: 0, stderr: '' });
  expect(existsSync(join(clone, 'node_modules/.slipway-setup'))).toBe(true);
});

test('an unknown option is refused', async () => {
  expect(await run('sh', [join(import.meta.dirname, '../../bin/setup'), '--nope'])).toMatchObject({ exitCode: 2 });
});
