/**
 * The generated workflow, run step by step by act: a push to develop, a pull request and a tag of the same sources end with
 * one image, each place has it, and what was done once is not done again.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { githubGenerator } from '../../src/hosts/github/index.ts';
import { SHIPPED_PINS } from '../../src/hosts/pins.ts';
import { type ActRunner, type ActRun, actRunner } from '../rigs/act-runner.ts';
import { git } from '../rigs/git-repository.ts';
import { graphOf } from './project-graph.ts';
import { type DoneTasks, HOST_PROJECT, type HostStage, hostStage } from '../rigs/host-rig.ts';
import { sharedTool } from '../rigs/shared-tools.ts';

const missing = (await sharedTool('act')) === null;
if (missing) process.stderr.write('skipped: there is no act in ../shared/peers\n');

/** The host has asked somebody before the job begins, so Slipway asks nobody. */
const PROJECT = HOST_PROJECT.replace('production: {', 'production: { approval: 1,');

describe.skipIf(missing)('act runs the workflow of herald', () => {
  let stage: HostStage;
  let runner: ActRunner;
  let image: string;
  let tasks: readonly string[];
  const EVENTS = {
    develop: { event: 'push', payload: { ref: 'refs/heads/develop' } },
    tag: { event: 'push', payload: { ref: 'refs/tags/v1.2.3' } },
    pull: {
      event: 'pull_request',
      payload: {
        action: 'synchronize',
        number: 7,
        pull_request: { number: 7, head: { ref: 'feature/x' }, base: { ref: 'main' } },
      },
    },
  } as const;

  beforeAll(async () => {
    const { text } = githubGenerator.generate(graphOf(PROJECT), SHIPPED_PINS);
    stage = await hostStage({ 'slipway.yaml': PROJECT, '.github/workflows/slipway.yml': text });
    const opened = await actRunner(join(stage.scratch, 'act'));
    if ('missing' in opened) throw new Error(opened.missing);
    runner = opened;
  });

  afterAll(async () => {
    const left = await stage.close();
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  async function on(name: keyof typeof EVENTS): Promise<ActRun & DoneTasks> {
    await git(
      stage.repository,
      'checkout',
      '--quiet',
      name === 'develop' ? 'develop' : name === 'tag' ? 'v1.2.3' : 'main',
    );
    const mark = stage.mark();
    const run = await runner.run({ repository: stage.repository, ...EVENTS[name], env: stage.env });
    const failed = Object.values(run.jobs).some((result) => result !== 'success');
    if (failed || Object.keys(run.jobs).length === 0) throw new Error(run.log.split('\n').slice(-150).join('\n'));
    return { ...run, ...stage.tasksSince(mark) };
  }

  test('a push to develop, cold: every task once in all the jobs, and staging has the image', async () => {
    const { jobs, all, ran, repeated } = await on('develop');
    expect(Object.keys(jobs).sort()).toEqual(['build', 'check', 'deploy-staging', 'package', 'test']);
    expect(ran).toEqual(all);
    expect(repeated).toEqual([]);
    // A stage has a job when it has a task.
    const stages = new Set(all.map((task) => task.replace(/\/.*/, '')));
    expect(new Set([...stages, 'deploy-staging'])).toEqual(new Set(Object.keys(jobs)));
    const images = stage.images();
    expect(images).toHaveLength(1);
    image = images[0] ?? '';
    tasks = all;
    expect(stage.deployed()).toEqual({ 'herald/staging': image });
  });

  test('the same push again does no task', async () => {
    const { all, ran } = await on('develop');
    expect(all.length).toBeGreaterThan(5);
    expect(ran).toEqual([]);
  });

  test('a pull request ends with the same image, and goes nowhere', async () => {
    const { jobs, ran } = await on('pull');
    expect(Object.keys(jobs).sort()).toEqual(['build', 'check', 'package', 'test']);
    expect(ran).toEqual([]);
    expect(stage.images()).toEqual([image]);
    expect(stage.deployed()).toEqual({ 'herald/staging': image });
  });

  test('a version tag brings the same image to production', async () => {
    const { jobs, ran } = await on('tag');
    expect(Object.keys(jobs).sort()).toEqual(['build', 'check', 'deploy-production', 'package', 'test']);
    expect(ran).toEqual([]);
    expect(stage.images()).toEqual([image]);
    expect(stage.deployed()).toEqual({ 'herald/staging': image, 'herald/production': image });
  });

  test('"slipway run" at home has the same tasks and the same image', async () => {
    const mark = stage.mark();
    const { exitCode, stderr } = await stage.slipway('run');
    expect(`${exitCode} ${stderr}`).toMatch(/^0 /);
    expect(stage.tasksSince(mark).all).toEqual(tasks);
    expect(stage.images()).toEqual([image]);
  });

  test('what a person types for a rollback is a number or nothing: it is never run', async () => {
    const planted = join(stage.scratch, 'planted');
    const { jobs, log } = await runner.run({
      repository: stage.repository,
      event: 'workflow_dispatch',
      payload: { ref: 'refs/heads/main', inputs: { job: 'rollback-staging', release: `1"; touch ${planted}; "` } },
      env: stage.env,
    });
    expect(jobs).toEqual({ 'rollback-staging': 'failure' });
    expect(log).toContain('a whole number from 1 is needed');
    expect(existsSync(planted)).toBe(false);
  });
});
