import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../kernel/workspace.ts';
import { readHostRef } from './host-ref.ts';

const commit = 'a'.repeat(40);

describe('GitHub', () => {
  const github = (event: string, ref: string, more = {}) =>
    readHostRef({ GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: event, GITHUB_REF: ref, GITHUB_SHA: commit, ...more });

  test.each([
    ['push', 'refs/heads/develop', 'branch', 'develop'],
    ['push', 'refs/heads/feature/a/b', 'branch', 'feature/a/b'],
    ['push', 'refs/tags/v1.2.3', 'tag', 'v1.2.3'],
    ['release', 'refs/tags/v1.2.3', 'tag', 'v1.2.3'],
    ['workflow_dispatch', 'refs/heads/main', 'branch', 'main'],
    ['schedule', 'refs/heads/main', 'branch', 'main'],
    ['pull_request', 'refs/pull/7/merge', 'pullRequest', '7'],
    ['pull_request_review', 'refs/pull/7/merge', 'pullRequest', '7'],
    ['merge_group', `refs/heads/gh-readonly-queue/main/pr-8-${commit}`, 'pullRequest', '8'],
    ['merge_group', `refs/heads/gh-readonly-queue/release/1/pr-8-${commit}`, 'pullRequest', '8'],
  ])('a %s of %s', (event, ref, kind, name) => {
    expect(github(event, ref)).toEqual({ kind, name, commit });
  });

  test('a proposed change stays one when the host names the base branch as its ref', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'event.json'), '{"number":9}');
    const event = (name: string) => ({ GITHUB_EVENT_PATH: join(folder, name) });
    expect(github('pull_request_target', 'refs/heads/main', event('event.json'))).toMatchObject({
      kind: 'pullRequest',
      name: '9',
    });
    expect(github('pull_request_target', 'refs/heads/main', event('none.json'))?.kind).toBe('pullRequest');
    expect(github('pull_request', 'refs/heads/main')?.kind).toBe('pullRequest');
    rmSync(folder, { recursive: true });
  });

  test('a job without a ref is for none', () => {
    expect(github('repository_dispatch', '')).toBeNull();
  });
});

describe('GitLab', () => {
  const gitlab = (more: Record<string, string>) => readHostRef({ GITLAB_CI: 'true', CI_COMMIT_SHA: commit, ...more });

  test('branch, tag, merge request (of a fork, in a train) and a pull request of another host', () => {
    expect(gitlab({ CI_COMMIT_BRANCH: 'develop' })).toEqual({ kind: 'branch', name: 'develop', commit });
    expect(gitlab({ CI_COMMIT_TAG: 'v1.0.0', CI_COMMIT_REF_NAME: 'v1.0.0' })).toMatchObject({
      kind: 'tag',
      name: 'v1.0.0',
    });
    expect(
      gitlab({ CI_MERGE_REQUEST_IID: '3', CI_COMMIT_REF_NAME: 'main', CI_MERGE_REQUEST_EVENT_TYPE: 'merge_train' }),
    ).toMatchObject({ kind: 'pullRequest', name: '3' });
    expect(gitlab({ CI_EXTERNAL_PULL_REQUEST_IID: '4', CI_COMMIT_BRANCH: 'main' })).toMatchObject({ name: '4' });
  });

  test('empty variables, as some runners set them, say nothing', () => {
    expect(gitlab({ CI_COMMIT_TAG: '', CI_MERGE_REQUEST_IID: '', CI_COMMIT_BRANCH: 'main' })?.kind).toBe('branch');
    expect(gitlab({})).toBeNull();
  });
});

describe('Jenkins', () => {
  const jenkins = (more: Record<string, string>) => readHostRef({ JENKINS_URL: 'http://ci/', ...more });

  test('a multibranch job: branch, tag, change', () => {
    expect(jenkins({ BRANCH_NAME: 'feature/x', GIT_BRANCH: 'origin/feature/x' })).toMatchObject({ name: 'feature/x' });
    expect(jenkins({ BRANCH_NAME: 'v1.0.0', TAG_NAME: 'v1.0.0' })).toMatchObject({ kind: 'tag', name: 'v1.0.0' });
    expect(
      jenkins({ BRANCH_NAME: 'PR-7', CHANGE_ID: '7', CHANGE_TARGET: 'main', CHANGE_FORK: 'someone' }),
    ).toMatchObject({
      kind: 'pullRequest',
      name: '7',
    });
  });

  test('a job of another kind goes by what the git plugin has fetched', () => {
    const plain = (branch: string) =>
      readHostRef({ BUILD_ID: '12', JOB_NAME: 'x', GIT_BRANCH: branch, GIT_COMMIT: commit });
    expect(plain('origin/feature/x')).toEqual({ kind: 'branch', name: 'feature/x', commit });
    expect(plain('refs/tags/v1')).toMatchObject({ kind: 'tag', name: 'v1' });
    expect(plain('detached')).toBeNull();
  });
});

test('outside of a job nothing is said', () => {
  expect(
    readHostRef({ CI: 'true', GITHUB_REF: 'refs/heads/main', CI_COMMIT_BRANCH: 'main', BRANCH_NAME: 'main' }),
  ).toBeNull();
  expect(readHostRef({ BUILD_ID: '7', BRANCH_NAME: 'main' })).toBeNull();
  expect(readHostRef({ GITHUB_ACTIONS: 'false', GITHUB_REF: 'refs/heads/main' })).toBeNull();
});
