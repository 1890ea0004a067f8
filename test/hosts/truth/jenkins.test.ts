import { describe, expect, test } from 'vitest';
import { jenkinsGenerator } from '../../../src/hosts/jenkins/jenkins-generator.ts';
import { SHIPPED_PINS } from '../../../src/hosts/pins.ts';
import { jenkinsEvent, jenkinsJobsOn } from '../../rigs/jenkinsfile.ts';
import { graphOf } from '../project-graph.ts';
import { EVENTS, type EventName } from './events.ts';
import { EXPECTED, jobInWords, type Model, MODELS } from './expected.ts';

describe.each(Object.keys(MODELS) as Model[])('%s', (model) => {
  const graph = graphOf(MODELS[model]);
  const { text } = jenkinsGenerator.generate(graph, SHIPPED_PINS);
  // Jenkins knows no environments: where a job goes is in its command.
  const places = new Map(graph.jobs.map(({ id, environment }) => [id, environment?.name ?? null]));

  test.each(Object.keys(EVENTS) as EventName[])('the stages do on "%s" what the table says', (name) => {
    const jobs = jenkinsJobsOn(text, jenkinsEvent(EVENTS[name]));
    const said = jobs.map(({ id, asks }) => jobInWords({ id, environment: places.get(id) ?? null, approval: asks }));
    expect(said).toEqual(EXPECTED[model][name]);
  });
});

const { text } = jenkinsGenerator.generate(graphOf(MODELS.gitflow), SHIPPED_PINS);
const idsOn = (environment: Readonly<Record<string, string>>): readonly string[] =>
  jenkinsJobsOn(text, { environment, parameters: {} }).map(({ id }) => id);

test('a tag that is called like a branch is no push to it', () => {
  expect(idsOn({ BRANCH_NAME: 'develop' })).toContain('deploy-staging');
  expect(idsOn({ BRANCH_NAME: 'develop', TAG_NAME: 'develop' })).toEqual([]);
});

test('neither a pull request nor a merge queue is a push, where every push is one', () => {
  const all = jenkinsGenerator.generate(graphOf('service: greeter\nimage: ghcr.io/a/b\n'), SHIPPED_PINS).text;
  const on = (event: keyof typeof EVENTS): readonly string[] =>
    jenkinsJobsOn(all, jenkinsEvent(EVENTS[event])).map(({ id }) => id);
  expect(on('push to another branch')).toContain('publish');
  expect(on('pull request')).toEqual(['check', 'build', 'test', 'package']);
  expect(on('merge queue')).toEqual(['check', 'build', 'test', 'package']);
});
