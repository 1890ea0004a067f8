/** Ctrl-C in the middle of a run: what runs is ended with all its descendants, what was cancelled is said, exit code 130. */

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectNoLeftovers, leftoversOf } from '../leftovers.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const EXAMPLE = join(CHECKOUT, 'examples/herald');

test('a run that is interrupted leaves no process behind and says what it cancelled', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-interrupt-'));
  const project = join(scratch, 'herald');
  cpSync(EXAMPLE, project, { recursive: true, filter: (path) => path !== join(EXAMPLE, 'target') });
  const git = (...args: string[]) => execFileSync('git', args, { cwd: project, stdio: 'ignore' });
  git('init', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.invalid', 'commit', '--message', 'test');
  const env = {
    ...process.env,
    CI: undefined,
    SLIPWAY_HOME: join(scratch, 'home'),
    SLIPWAY_CACHE: join(scratch, 'cache'),
  };
  const child = spawn(join(CHECKOUT, 'bin/slipway'), ['run', 'test'], {
    cwd: project,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (told += piece));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));

  const compiles = (): boolean => leftoversOf(scratch).some(({ command }) => command.includes('rustc'));
  const deadline = performance.now() + 60_000;
  while (!compiles() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGINT');

  expect(await ended).toBe(130);
  expect(told).toMatch(/cancelled: /);
  await expectNoLeftovers(scratch);
  rmSync(scratch, { recursive: true });
});
