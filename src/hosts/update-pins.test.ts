import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../kernel/workspace.ts';
import { updatePins, type UpdatePinsOptions } from './update-pins.ts';

function emptyFolder(): string {
  const folder = temporaryFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return `${folder}/`;
}

/** A folder of repositories, as a host of actions has them. */
function repositories(): { readonly base: string; git(action: string, ...args: string[]): string } {
  const base = emptyFolder();
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
  const git = (action: string, ...args: string[]): string =>
    execFileSync('git', [...identity, ...args], { cwd: join(base, action), encoding: 'utf8', stdio: 'pipe' }).trim();
  return { base, git };
}

function commitTo({ base, git }: ReturnType<typeof repositories>, action: string): string {
  mkdirSync(join(base, action), { recursive: true });
  git(action, 'init', '--quiet');
  writeFileSync(join(base, action, 'action.yml'), `${Math.random()}`);
  git(action, 'add', '.');
  git(action, 'commit', '--quiet', '--message', 'next');
  return git(action, 'rev-parse', 'HEAD');
}

const ask = (options: Pick<UpdatePinsOptions, 'pins' | 'base'>) =>
  updatePins({ ...options, environment: process.env, signal: AbortSignal.timeout(30_000) });

test('the newest version of the same major one is found, by the commit that its tag stands for', async () => {
  const all = repositories();
  const old = commitTo(all, 'acme/tool');
  all.git('acme/tool', 'tag', 'v2.9.0');
  const newer = commitTo(all, 'acme/tool');
  // A tag with a message is an object of its own; its digest is not that of the commit.
  all.git('acme/tool', 'tag', '--annotate', '--message', 'm', 'v2.10.0');
  commitTo(all, 'acme/tool');
  for (const tag of ['v3.0.0', 'v2', 'v2.11.0-rc.1', 'nightly']) all.git('acme/tool', 'tag', tag);
  const before = { version: 'v2.9.0', commit: old };
  expect(await ask({ pins: { 'acme/tool': before }, base: all.base })).toEqual([
    { action: 'acme/tool', before, after: { version: 'v2.10.0', commit: newer }, moved: false },
  ]);
});

test('a tag that has moved is told and not followed, nor what came after it', async () => {
  const all = repositories();
  const old = commitTo(all, 'acme/tool');
  commitTo(all, 'acme/tool');
  all.git('acme/tool', 'tag', 'v1.0.0');
  commitTo(all, 'acme/tool');
  all.git('acme/tool', 'tag', 'v1.0.1');
  const before = { version: 'v1.0.0', commit: old };
  const [update] = await ask({ pins: { 'acme/tool': before }, base: all.base });
  expect(update).toMatchObject({ after: before, moved: true });
});

test('a repository that does not answer ends it', async () => {
  const pins = { 'acme/gone': { version: 'v1.0.0', commit: '0'.repeat(40) } };
  await expect(ask({ pins, base: emptyFolder() })).rejects.toMatchObject({
    code: 'hosts/no-version',
    kind: 'unreachable',
  });
});
