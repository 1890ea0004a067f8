/** The workflows of all project files, read by GitHub's own parser and looked at for what it does not know. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { problemsInWorkflow } from '../../../test/rigs/github-parser.ts';
import { graphOf } from '../../../test/hosts/project-graph.ts';
import { SHIPPED_PINS } from '../pins.ts';
import { githubGenerator } from './index.ts';
import type { Workflow } from './workflow.ts';

const PROJECTS = join(import.meta.dirname, '../../../test/hosts/projects');
const textOf = (project: string): string => githubGenerator.generate(graphOf(project), SHIPPED_PINS).text;

describe.each(readdirSync(PROJECTS))('%s', (file) => {
  const text = textOf(readFileSync(join(PROJECTS, file), 'utf8'));
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs);

  test("GitHub's parser accepts the workflow", async () => {
    expect(await problemsInWorkflow(text)).toEqual([]);
  });

  test('needs name jobs that come before', () => {
    const seen = new Set<string>();
    for (const [id, { needs = [] }] of jobs) {
      expect(needs.filter((need) => !seen.has(need))).toEqual([]);
      seen.add(id);
    }
  });

  test('foreign code is named by its commit, with the version behind it', () => {
    const uses = text.split('\n').filter((line) => line.includes('uses:'));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: actions\/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('a job may read the sources, and only the one that pushes may write', () => {
    expect(workflow.permissions).toEqual({});
    for (const [id, { permissions }] of jobs) {
      expect(permissions).toEqual(id === 'publish' ? { contents: 'read', packages: 'write' } : { contents: 'read' });
    }
  });

  test('each job has an end and leaves no credentials behind', () => {
    for (const [, { steps, 'timeout-minutes': minutes }] of jobs) {
      expect(minutes).toBeLessThanOrEqual(360);
      expect(steps[0]).toMatchObject({ with: { 'persist-credentials': false } });
    }
  });

  test('jobs that push or deploy take nothing from a cache, and the others leave something on protected branches only', () => {
    const cached = ({ steps }: Workflow['jobs'][string]) =>
      steps.filter((step) => 'uses' in step && step.uses.startsWith('actions/cache'));
    const stages = jobs.filter(([id]) => ['check', 'build', 'test', 'package'].includes(id));
    const others = jobs.filter(([id]) => !['check', 'build', 'test', 'package'].includes(id));
    expect(others.flatMap(([, job]) => cached(job))).toEqual([]);
    for (const [, job] of stages) {
      const [restore, save, ...more] = cached(job);
      expect(restore).toMatchObject({ uses: expect.stringContaining('/restore@') });
      expect(save).toMatchObject({
        uses: expect.stringContaining('/save@'),
        if: expect.stringContaining("== 'push' && "),
      });
      expect(more).toEqual([]);
    }
  });

  test('no text of others is put into a script', () => {
    const scripts = jobs.flatMap(([, { steps }]) => steps.flatMap((step) => ('run' in step ? [step.run] : [])));
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });
});

test('a secret is seen by the one step that needs it', () => {
  const text = textOf(readFileSync(join(PROJECTS, '11-secrets.yaml'), 'utf8'));
  const { jobs } = parse(text) as Workflow;
  const holders = Object.entries(jobs).flatMap(([id, { steps, env }]) => {
    expect(JSON.stringify(env ?? {})).not.toContain('secrets.');
    return steps.filter((step) => JSON.stringify(step).includes('secrets.')).map((step) => [id, step] as const);
  });
  expect(holders).toEqual([
    [
      'deploy-production',
      expect.objectContaining({
        run: 'slipway deploy production --no-push',
        env: { API_TOKEN: '${{ secrets.API_TOKEN }}', DATABASE_URL: '${{ secrets.DATABASE_URL }}' },
      }),
    ],
  ]);
});

test('deployments to one place wait for each other and none is dropped; a rollback does not wait for them', () => {
  const { jobs } = parse(textOf(readFileSync(join(PROJECTS, '02-usual.yaml'), 'utf8'))) as Workflow;
  expect(jobs['deploy-production']?.concurrency).toEqual({
    group: 'deploy-production',
    'cancel-in-progress': false,
    queue: 'max',
  });
  expect(jobs['rollback-production']?.concurrency?.group).toBe('rollback-production');
});

test('what a person types reaches the command as one word', () => {
  const { jobs } = parse(textOf(readFileSync(join(PROJECTS, '02-usual.yaml'), 'utf8'))) as Workflow;
  expect(jobs['rollback-production']?.steps.at(-1)).toMatchObject({
    env: { SLIPWAY_RELEASE: '${{ inputs.release }}' },
    run: expect.stringContaining('${SLIPWAY_RELEASE:+--to "$SLIPWAY_RELEASE"}'),
  });
});

test('a pattern that GitHub would let more in for is refused with its reason', () => {
  const generate = (from: string) => () =>
    textOf(`service: greeter\nenvironments: { staging: { from: ${from} }, production: { from: [stable] } }\n`);
  expect(generate('["v*.*.*", "STABLE"]')).toThrow('STABLE');
  expect(generate('["${{ x }}"]')).toThrow('reads as an expression');
  expect(generate('["a/*/b*"]')).toThrow('several stars and a slash');
});

test("GitHub's parser sees what is wrong", async () => {
  const text = textOf('service: greeter\n');
  expect(await problemsInWorkflow(text.replace('timeout-minutes', 'timeout-minute'))).not.toEqual([]);
  expect(await problemsInWorkflow(text.replace('needs: [check', 'needs: [chekc'))).not.toEqual([]);
  expect(await problemsInWorkflow(text.replaceAll("inputs.job == 'run'", 'nobody.knows == 1'))).not.toEqual([]);
});
