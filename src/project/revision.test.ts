import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runBriefly } from '../kernel/subprocess.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { parseRef, readRevision } from './revision.ts';

const root = temporaryFolder('slipway-revision-');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const environment = {
  PATH: process.env['PATH'] ?? '',
  HOME: root,
  GIT_CONFIG_NOSYSTEM: '1',
  // A temporary folder may lie inside of somebody's repository.
  GIT_CEILING_DIRECTORIES: root,
};
const author = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' };

async function git(folder: string, ...args: string[]): Promise<string> {
  const finished = await runBriefly({ program: 'git', args, cwd: folder, env: { ...environment, ...author } });
  if (finished.exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${finished.stderr}`);
  return finished.stdout.trim();
}

async function repository(name: string): Promise<string> {
  const folder = join(root, name);
  mkdirSync(folder);
  await git(folder, 'init', '--quiet', '--initial-branch', 'main');
  return folder;
}

async function commit(folder: string, file: string): Promise<string> {
  writeFileSync(join(folder, file), file);
  await git(folder, 'add', file);
  await git(folder, 'commit', '--quiet', '--message', file);
  return git(folder, 'rev-parse', 'HEAD');
}

describe('a repository', () => {
  let folder = '';
  let first = '';
  let second = '';
  beforeAll(async () => {
    folder = await repository('normal');
    first = await commit(folder, 'one.txt');
    await git(folder, 'tag', 'v1.0.0');
    second = await commit(folder, 'two.txt');
    await git(folder, 'branch', 'feature/x', first);
  });
  beforeEach(() => git(folder, 'checkout', '--quiet', 'main'));
  const read = (ref?: string) => readRevision({ folder, environment, ...(ref === undefined ? {} : { ref }) });

  test('what is checked out is a branch at a commit', async () => {
    expect(await read()).toEqual({
      commit: second,
      short: second.slice(0, 12),
      kind: 'branch',
      name: 'main',
      dirty: 0,
    });
  });

  test('changed, new and removed files below the folder make it dirty, others do not', async () => {
    mkdirSync(join(folder, 'inner', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'inner', 'deep', 'new.txt'), '');
    writeFileSync(join(folder, 'one.txt'), 'changed');
    rmSync(join(folder, 'two.txt'));
    expect((await read()).dirty).toBe(3);
    const inner = await readRevision({ folder: join(folder, 'inner'), environment });
    expect(inner).toMatchObject({ commit: second, dirty: 1 });
    // A commit that is not checked out holds nothing of it.
    expect((await read('v1.0.0')).dirty).toBe(0);
    rmSync(join(folder, 'inner'), { recursive: true });
    await git(folder, 'checkout', '--quiet', '--', '.');
  });

  test('a detached commit is named by its tag, else by itself', async () => {
    await git(folder, 'checkout', '--quiet', '--detach', first);
    expect(await read()).toMatchObject({ commit: first, kind: 'tag', name: 'v1.0.0' });
    await git(folder, 'checkout', '--quiet', '--detach', second);
    expect(await read()).toMatchObject({ kind: 'detached', name: second.slice(0, 12) });
  });

  test('a ref is a branch, a tag, a commit or a full name', async () => {
    expect(await read('feature/x')).toMatchObject({ commit: first, kind: 'branch', name: 'feature/x' });
    expect(await read('v1.0.0')).toMatchObject({ commit: first, kind: 'tag', name: 'v1.0.0' });
    expect(await read('refs/tags/v1.0.0')).toMatchObject({ commit: first, kind: 'tag', name: 'v1.0.0' });
    expect(await read(first)).toMatchObject({ commit: first, kind: 'detached' });
    expect(await read('HEAD')).toMatchObject({ commit: second, kind: 'branch', name: 'main' });
  });

  test('a full name that does not exist here is what the checked out commit was pushed on', async () => {
    await git(folder, 'checkout', '--quiet', '--detach', second);
    expect(await read('refs/pull/7/merge')).toMatchObject({ commit: second, kind: 'pullRequest', name: '7' });
    expect(await read('refs/heads/elsewhere')).toMatchObject({ commit: second, kind: 'branch', name: 'elsewhere' });
  });

  test('a ref that is none, or an option in disguise, is refused', async () => {
    await expect(read('nope')).rejects.toMatchObject({ code: 'project/unknown-ref', kind: 'usage' });
    await expect(read('--help')).rejects.toMatchObject({ code: 'project/unknown-ref' });
    await expect(read('')).rejects.toMatchObject({ code: 'project/unknown-ref' });
  });

  describe('in a job of a CI system', () => {
    const job = (more: Record<string, string>) =>
      readRevision({ folder, environment: { ...environment, GITHUB_ACTIONS: 'true', ...more } });
    const branch = { GITHUB_EVENT_NAME: 'push', GITHUB_REF: 'refs/heads/develop' };

    test('the commit that is checked out is for what the host says', async () => {
      await git(folder, 'checkout', '--quiet', '--detach', second);
      expect(await job({ ...branch, GITHUB_SHA: second })).toMatchObject({
        commit: second,
        kind: 'branch',
        name: 'develop',
        dirty: 0,
      });
    });

    test('another commit than that of the job is not deployed as if it were', async () => {
      await git(folder, 'checkout', '--quiet', '--detach', second);
      expect(await job({ ...branch, GITHUB_SHA: first })).toMatchObject({ kind: 'detached' });
      const proposed = { GITHUB_EVENT_NAME: 'pull_request_target', GITHUB_REF: 'refs/heads/main', GITHUB_SHA: first };
      await git(folder, 'checkout', '--quiet', 'main');
      expect(await job(proposed)).toMatchObject({ commit: second, kind: 'pullRequest' });
    });

    test('an annotated tag may be named by its own object', async () => {
      await git(folder, 'tag', '--annotate', '--message', 'two', 'v2.0.0', second);
      const object = await git(folder, 'rev-parse', 'v2.0.0');
      expect(object).not.toBe(second);
      await git(folder, 'checkout', '--quiet', '--detach', second);
      const pushed = { GITHUB_EVENT_NAME: 'push', GITHUB_REF: 'refs/tags/v2.0.0', GITHUB_SHA: object };
      expect(await job(pushed)).toMatchObject({ commit: second, kind: 'tag', name: 'v2.0.0' });
      await git(folder, 'checkout', '--quiet', '--detach', first);
      expect(await job(pushed)).toMatchObject({ commit: first, name: 'v1.0.0' });
      await git(folder, 'tag', '--delete', 'v2.0.0');
    });

    test('what jobs hand over in the folder is no change of the project', async () => {
      mkdirSync(join(folder, '.slipway', 'handover'), { recursive: true });
      writeFileSync(join(folder, '.slipway', 'handover', 'build.tar'), '');
      expect((await job({ ...branch, GITHUB_SHA: second })).dirty).toBe(0);
      rmSync(join(folder, '.slipway'), { recursive: true });
    });
  });

  test('a cancelled reading rejects with the reason', async () => {
    await expect(readRevision({ folder, environment, signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    );
  });
});

test('without a repository, a commit or git it says what to do', async () => {
  const plain = join(root, 'plain');
  mkdirSync(plain);
  await expect(readRevision({ folder: plain, environment })).rejects.toMatchObject({ code: 'project/no-repository' });
  const empty = await repository('empty');
  await expect(readRevision({ folder: empty, environment })).rejects.toMatchObject({ code: 'project/no-commit' });
  const noGit = { ...environment, PATH: plain };
  await expect(readRevision({ folder: empty, environment: noGit })).rejects.toMatchObject({
    code: 'subprocess/not-found',
  });
});

test('full ref names of every kind', () => {
  expect(parseRef('refs/remotes/origin/feature/x')).toEqual({ kind: 'branch', name: 'feature/x' });
  expect(parseRef('refs/remotes/origin/HEAD')).toBeNull();
  expect(parseRef('refs/remotes/pull/7/merge')).toEqual({ kind: 'pullRequest', name: '7' });
  expect(parseRef('refs/merge-requests/9/head')).toEqual({ kind: 'pullRequest', name: '9' });
  expect(parseRef('')).toBeNull();
});
