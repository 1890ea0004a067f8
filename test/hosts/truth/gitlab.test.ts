import { describe, expect, test } from 'vitest';
import { gitlabGenerator } from '../../../src/hosts/gitlab/gitlab-generator.ts';
import { SHIPPED_PINS } from '../../../src/hosts/pins.ts';
import { gitlabJobsOn, gitlabPipelineVariables, gitlabVariables } from '../../rigs/gitlab-ci-file.ts';
import { graphOf } from '../project-graph.ts';
import { EVENTS, type EventName } from './events.ts';
import { EXPECTED, jobInWords, type Model, MODELS } from './expected.ts';

describe.each(Object.keys(MODELS) as Model[])('%s', (model) => {
  const { text } = gitlabGenerator.generate(graphOf(MODELS[model]), SHIPPED_PINS);

  test.each(Object.keys(EVENTS) as EventName[])('the pipeline does on "%s" what the table says', (name) => {
    const jobs = gitlabJobsOn(text, gitlabVariables(EVENTS[name]));
    expect(jobs.map(({ manual, ...job }) => jobInWords({ ...job, approval: manual }))).toEqual(EXPECTED[model][name]);
  });
});

const gitflow = gitlabGenerator.generate(graphOf(MODELS.gitflow), SHIPPED_PINS).text;

test('a push to a deployed branch goes there even with an open merge request', () => {
  const variables = { ...gitlabVariables(EVENTS['push to develop']), CI_OPEN_MERGE_REQUESTS: 'acme/greeter!7' };
  expect(gitlabJobsOn(gitflow, variables).map(({ id }) => id)).toContain('deploy-staging');
});

test('a push to any other branch with an open merge request is left to that', () => {
  const { text } = gitlabGenerator.generate(graphOf('service: greeter\n'), SHIPPED_PINS);
  const push = gitlabVariables(EVENTS['push to another branch']);
  expect(gitlabJobsOn(text, push)).not.toEqual([]);
  expect(gitlabJobsOn(text, { ...push, CI_OPEN_MERGE_REQUESTS: 'acme/greeter!7' })).toEqual([]);
});

test('only pushes to protected branches write the cache', () => {
  const policies = Object.entries(EVENTS).map(([name, event]) => [
    name,
    gitlabPipelineVariables(gitflow, gitlabVariables(event))['SLIPWAY_CACHE_POLICY'],
  ]);
  expect(policies.filter(([, policy]) => policy === 'pull-push').map(([name]) => name)).toEqual([
    'push to develop',
    'push to main',
  ]);
});

test('who pushes cannot ask for the job of another person', () => {
  const push = { ...gitlabVariables(EVENTS['push to feature/x']), SLIPWAY_JOB: 'rollback-production' };
  expect(gitlabJobsOn(gitflow, push).map(({ id }) => id)).not.toContain('rollback-production');
});
