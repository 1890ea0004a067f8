import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { afterAll, describe, expect, test } from 'vitest';
import { gitlabGenerator } from '../../src/hosts/gitlab/gitlab-generator.ts';
import type { HostEvent } from '../../src/hosts/predicate.ts';
import { SHIPPED_PINS } from '../../src/hosts/pins.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { makeRepository } from '../rigs/git-repository.ts';
import { gitlabJobsOn, gitlabJobsRuledIn, gitlabOffences, gitlabVariables } from '../rigs/gitlab-ci-file.ts';
import { gitlabLocal } from '../rigs/gitlab-local.ts';
import { graphOf } from './project-graph.ts';
import { EVENTS } from './truth/events.ts';
import { MODELS } from './truth/expected.ts';

const projects = join(import.meta.dirname, 'projects');
const names = readdirSync(projects).sort();
const textOf = (project: string): string => gitlabGenerator.generate(graphOf(project), SHIPPED_PINS).text;

const local = await gitlabLocal();
if ('missing' in local) process.stderr.write(`skipped: gitlab-ci-local (${local.missing})\n`);
const folder = temporaryFolder('slipway-gitlab-');
afterAll(() => rmSync(folder, { recursive: true }));

async function repositoryWith(name: string, text: string): Promise<string> {
  const repository = join(folder, name);
  mkdirSync(repository);
  await makeRepository(repository, { '.gitlab-ci.yml': text });
  return repository;
}

test('there are at least sixteen project files', () => {
  expect(names.length).toBeGreaterThanOrEqual(16);
});

describe.skipIf('missing' in local)('the GitLab schema and gitlab-ci-local accept', () => {
  test.each(names)('%s', async (name) => {
    if ('missing' in local) return;
    const text = textOf(readFileSync(join(projects, name), 'utf8'));
    expect(gitlabOffences(text)).toEqual([]);
    const repository = await repositoryWith(name, text);
    const { exitCode, stdout, stderr } = await local.run({ repository, args: ['--preview'], variables: {}, limit: 30 });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stderr).toContain('json schema validated');
    expect(stdout).toContain('package:');
  });

  test.each([
    ['a key that GitLab does not know', (text: string) => text.replace('resource_group:', 'ressource_group:')],
    ['an access that there is none of', (text: string) => text.replace('access: developer', 'access: everyone')],
    ['a job without a script', (text: string) => text.replace(/\n {2}script:\n.*\n/, '\n')],
  ])('and not %s', async (what, spoil) => {
    if ('missing' in local) return;
    const text = textOf(MODELS.gitflow);
    expect(spoil(text)).not.toBe(text);
    const repository = await repositoryWith(what, spoil(text));
    const { exitCode } = await local.run({ repository, args: ['--preview'], variables: {}, limit: 30 });
    expect(exitCode).not.toBe(0);
  });
});

describe('what such tools do not see is found by us:', () => {
  const text = textOf(MODELS.gitflow);
  test.each([
    ['needs in a circle', text.replace('needs: []', 'needs: [package]'), /check needs itself/],
    ['only beside rules', text.replace('  needs: []', '  only: [main]\n  needs: []'), /check has rules and only/],
    ['a need that does not exist', text.replace('needs: []', 'needs: [nothing]'), /check needs nothing, which/],
    ['a stage that is not listed', text.replace('stage: check', 'stage: nowhere'), /in a stage that is not listed/],
  ])('%s', (_, spoilt, offence) => {
    expect(gitlabOffences(text)).toEqual([]);
    expect(gitlabOffences(spoilt).join('\n')).toMatch(offence);
  });
});

/** With one more job, which runs exactly when a pipeline begins: gitlab-ci-local itself begins one for everything. */
function withProbe(text: string): string {
  const document = parseDocument(text, { version: '1.1' });
  document.set('starts', { stage: 'check', needs: [], script: ['true'], rules: document.getIn(['workflow', 'rules']) });
  return document.toString({ lineWidth: 0 });
}

describe.skipIf('missing' in local)('our reading of rules is that of gitlab-ci-local:', () => {
  const oddities = readFileSync(join(projects, '16-odd-names.yaml'), 'utf8');
  // Not `$HOME`: gitlab-ci-local puts the variable in, for a branch too.
  const oddNames = ["it's", 'say"hi"', '`id`', 'a]b+c', 'a]bbc', 'on/x', '!not', 'on', '#7', '@a'];
  const cases = {
    gitflow: [MODELS.gitflow, Object.values<HostEvent>(EVENTS)],
    trunk: [MODELS.trunk, Object.values<HostEvent>(EVENTS)],
    'odd names': [oddities, oddNames.map((name): HostEvent => ({ event: 'push', ref: 'branch', name }))],
  } as const;

  test.each(Object.entries(cases))('%s', async (name, [project, events]) => {
    if ('missing' in local) return;
    const text = withProbe(textOf(project));
    const repository = await repositoryWith(`rules ${name}`, text);
    for (const event of events) {
      const variables = gitlabVariables(event);
      const { exitCode, stdout, stderr } = await local.run({
        repository,
        args: ['--list-json', '--no-json-schema-validation'],
        variables: { CI_COMMIT_BRANCH: null, CI_COMMIT_TAG: null, ...variables },
        limit: 30,
      });
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      const listed = JSON.parse(stdout) as readonly { readonly name: string; readonly when: string }[];
      const ran = listed.filter(({ when }) => when !== 'never').map(({ name, when }) => [name, when === 'manual']);
      const ours = gitlabJobsRuledIn(text, variables).map(({ id, manual }) => [id, manual]);
      expect({ event, ran }).toEqual({ event, ran: ours });
      const starts = ours.some(([id]) => id === 'starts');
      expect({ event, starts }).toEqual({ event, starts: gitlabJobsOn(text, variables).length > 0 });
    }
  });
});
