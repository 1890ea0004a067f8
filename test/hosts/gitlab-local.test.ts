/**
 * The generated file, run by gitlab-ci-local with real shells: a push to develop, a merge request, a hotfix and a tag of the
 * same sources end with one image, each place has it, and what was done once is not done again.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitlabGenerator } from '../../src/hosts/gitlab/gitlab-generator.ts';
import { SHIPPED_PINS } from '../../src/hosts/pins.ts';
import { gitlabVariables } from '../rigs/gitlab-ci-file.ts';
import { gitlabLocal } from '../rigs/gitlab-local.ts';
import { type DoneTasks, HOST_PROJECT, type HostStage, hostStage } from '../rigs/host-rig.ts';
import { addHotfix, imagesSaid, RUN_EVENTS, type RunEvent, takeRef } from '../rigs/host-events.ts';
import { graphOf } from './project-graph.ts';

const local = await gitlabLocal();
if ('missing' in local) process.stderr.write(`skipped: gitlab-ci-local (${local.missing})\n`);

describe.skipIf('missing' in local)('gitlab-ci-local runs the pipeline of herald', () => {
  let stage: HostStage;
  let image: string;

  beforeAll(async () => {
    const { text } = gitlabGenerator.generate(graphOf(HOST_PROJECT), SHIPPED_PINS);
    stage = await hostStage({ '.gitlab-ci.yml': text });
    await addHotfix(stage.repository, HOST_PROJECT);
  });

  afterAll(async () => {
    const left = await stage.close();
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  interface GitlabOutcome extends DoneTasks {
    readonly passed: readonly string[];
    readonly log: string;
  }

  async function on(name: RunEvent, ...args: readonly string[]): Promise<GitlabOutcome> {
    if ('missing' in local) throw new Error(local.missing);
    await takeRef(stage.repository, name);
    const mark = stage.mark();
    const { exitCode, stdout, stderr } = await local.run({
      repository: stage.repository,
      args: ['--force-shell-executor', '--shell-isolation', ...args],
      // What makes a job one of GitLab; the runner here says that it is none.
      variables: {
        CI_COMMIT_BRANCH: null,
        CI_COMMIT_TAG: null,
        GITLAB_CI: 'true',
        ...gitlabVariables(RUN_EVENTS[name]),
      },
      env: stage.env,
      limit: 540,
    });
    const log = `${stdout}\n${stderr}`;
    if (exitCode !== 0) throw new Error(log.split('\n').slice(-150).join('\n'));
    const passed = Array.from(stdout.matchAll(/^ PASS {2}(\S+)/gm), ([, id = '']) => id);
    return { passed: passed.sort((a, b) => a.localeCompare(b)), log, ...stage.tasksSince(mark) };
  }

  test('a push to develop, cold: every task once in all the jobs, and staging has the image', async () => {
    const { passed, all, ran, repeated, log } = await on('develop');
    expect(passed).toEqual(['build', 'check', 'deploy-staging', 'package', 'test']);
    expect(ran).toEqual(all);
    expect(repeated).toEqual([]);
    const images = imagesSaid(log);
    expect(images).toHaveLength(1);
    image = images[0] ?? '';
    expect(stage.deployed()).toEqual({ 'herald/staging': image });
  });

  test('the same push again does no task', async () => {
    const { all, ran } = await on('develop');
    expect(all.length).toBeGreaterThan(5);
    expect(ran).toEqual([]);
  });

  test('a merge request ends with the same image, and goes nowhere', async () => {
    const { passed, ran, log } = await on('pull');
    expect(passed).toEqual(['build', 'check', 'package', 'test']);
    expect(ran).toEqual([]);
    expect(imagesSaid(log)).toEqual([image]);
    expect(stage.deployed()).toEqual({ 'herald/staging': image });
  });

  test('a version tag brings the same image to production', async () => {
    const { passed, ran, log } = await on('tag');
    expect(passed).toEqual(['build', 'check', 'deploy-production', 'package', 'test']);
    expect(ran).toEqual([]);
    expect(imagesSaid(log)).toEqual([image]);
    expect(stage.deployed()).toEqual({ 'herald/staging': image, 'herald/production': image });
  });

  test('a hotfix waits for a person before production, and who lets it through is in the record', async () => {
    const before = await stage.slipway('history', 'production');
    const waiting = await on('hotfix');
    expect(waiting.passed).toEqual(['build', 'check', 'deploy-staging', 'package', 'test']);
    expect((await stage.slipway('history', 'production')).stdout).toBe(before.stdout);
    const { log } = await on('hotfix', '--manual', 'deploy-production');
    expect(log).toMatch(/deploy-production .*the gate of GitLab's environment production/);
    expect(log).toMatch(/deploy-production .*promoted/);
  });

  test('"slipway run" at home has the same tasks and the same image', async () => {
    await takeRef(stage.repository, 'pull');
    const mark = stage.mark();
    const { exitCode, stdout, stderr } = await stage.slipway('run');
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stage.tasksSince(mark).all).toEqual((await on('pull')).all);
    expect(imagesSaid(stdout)).toEqual([image]);
  });
});
