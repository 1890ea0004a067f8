/**
 * The generated Jenkinsfile, executed by the harness with real shells: a push to develop, a pull request, a tag and a hotfix
 * of the same sources end with one image, each place has it, and what was done once is not done again.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jenkinsGenerator } from '../../src/hosts/jenkins/jenkins-generator.ts';
import { SHIPPED_PINS } from '../../src/hosts/pins.ts';
import { addHotfix, imagesSaid, RUN_EVENTS, type RunEvent, takeRef } from '../rigs/host-events.ts';
import { type DoneTasks, HOST_PROJECT, type HostStage, hostStage } from '../rigs/host-rig.ts';
import { jenkinsHarness } from '../rigs/jenkins-harness.ts';
import { jenkinsEvent } from '../rigs/jenkinsfile.ts';
import { graphOf } from './project-graph.ts';

const harness = await jenkinsHarness();
if ('missing' in harness) process.stderr.write(`skipped: the Jenkins harness (${harness.missing})\n`);

describe.skipIf('missing' in harness)('the harness runs the Jenkinsfile of herald', () => {
  let stage: HostStage;
  let image: string;

  beforeAll(async () => {
    const { text } = jenkinsGenerator.generate(graphOf(HOST_PROJECT), SHIPPED_PINS);
    stage = await hostStage({ Jenkinsfile: text });
    await addHotfix(stage.repository, HOST_PROJECT);
  });

  afterAll(async () => {
    const left = await stage.close();
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  interface JenkinsOutcome extends DoneTasks {
    readonly exitCode: number | null;
    /** Stages with steps that were not skipped. */
    readonly commands: readonly string[];
    readonly asked: readonly unknown[];
    readonly log: string;
  }

  async function on(name: RunEvent, answer: 'all' | 'none' = 'all'): Promise<JenkinsOutcome> {
    if ('missing' in harness) throw new Error(harness.missing);
    await takeRef(stage.repository, name);
    const mark = stage.mark();
    const { environment } = jenkinsEvent(RUN_EVENTS[name]);
    const { exitCode, stdout, stderr, events } = await harness.execute({
      file: join(stage.repository, 'Jenkinsfile'),
      repository: stage.repository,
      // One agent for all, whose workspaces stay.
      out: join(stage.scratch, 'jenkins'),
      args: [
        ...Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        '--approve',
        answer,
      ],
      env: stage.env,
    });
    const log = `${stdout}\n${stderr}`;
    const expected = answer === 'all' ? 0 : 4;
    if (exitCode !== expected) throw new Error(log.split('\n').slice(-150).join('\n'));
    const commands = Array.from(
      stdout.matchAll(/^\[[^\]]*\] \+ (?:SLIPWAY_CACHE=\S+ )?slipway (.*)$/gm),
      ([, line = '']) => line,
    );
    return {
      exitCode,
      commands: commands.sort((a, b) => a.localeCompare(b)),
      asked: events.filter(({ ev }) => ev === 'input').map(({ agentHeld, approved }) => ({ agentHeld, approved })),
      log,
      ...stage.tasksSince(mark),
    };
  }

  const PROOF = ['run build', 'run check', 'run package --no-push', 'run test'];

  test('a push to develop, cold: every task once in all the stages, and staging has the image', async () => {
    const { commands, all, ran, repeated, log } = await on('develop');
    expect(commands).toEqual(['deploy staging --no-push', ...PROOF]);
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

  test('a pull request ends with the same image, and goes nowhere', async () => {
    const { commands, ran, log } = await on('pull');
    expect(commands).toEqual(PROOF);
    expect(ran).toEqual([]);
    expect(imagesSaid(log)).toEqual([image]);
    expect(stage.deployed()).toEqual({ 'herald/staging': image });
  });

  test('a version tag brings the same image to production', async () => {
    const { commands, ran, asked, log } = await on('tag');
    expect(commands).toEqual(['deploy production --no-push', ...PROOF]);
    expect(ran).toEqual([]);
    expect(asked).toEqual([]);
    expect(imagesSaid(log)).toEqual([image]);
    expect(stage.deployed()).toEqual({ 'herald/staging': image, 'herald/production': image });
  });

  test('a hotfix waits for a person before production without an agent, and who let it through is in the record', async () => {
    const before = await stage.slipway('history', 'production');
    const refused = await on('hotfix', 'none');
    expect(refused.asked).toEqual([{ agentHeld: false, approved: false }]);
    expect((await stage.slipway('history', 'production')).stdout).toBe(before.stdout);
    const { asked, log } = await on('hotfix');
    expect(asked).toEqual([{ agentHeld: false, approved: true }]);
    expect(log).toMatch(/the input step of Jenkins before production/);
    expect((await stage.slipway('history', 'production')).stdout).not.toBe(before.stdout);
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
