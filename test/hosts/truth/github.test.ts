import { describe, expect, test } from 'vitest';
import { githubGenerator } from '../../../src/hosts/github/index.ts';
import { environmentNames } from '../../../src/hosts/github/plan-workflow.ts';
import { SHIPPED_PINS } from '../../../src/hosts/pins.ts';
import { jobsOnGithub } from '../../rigs/github-workflow.ts';
import { graphOf } from '../project-graph.ts';
import { EVENTS, type EventName } from './events.ts';
import { EXPECTED, jobInWords, type Model, MODELS } from './expected.ts';

describe.each(Object.keys(MODELS) as Model[])('%s', (model) => {
  const graph = graphOf(MODELS[model]);
  const { text } = githubGenerator.generate(graph, SHIPPED_PINS);
  // In the repository an approval is an environment with reviewers.
  const places = new Map<string, { readonly environment: string; readonly approval: boolean }>();
  for (const { environment, kind } of graph.jobs) {
    if (environment === null || kind !== 'deploy') continue;
    const names = environmentNames(environment.name, graph);
    for (const name of [names.deploy, names.rollback, names.approved ?? names.deploy]) {
      places.set(name, { environment: environment.name, approval: name === names.approved });
    }
  }

  test.each(Object.keys(EVENTS) as EventName[])('the workflow does on "%s" what the table says', (name) => {
    const jobs = jobsOnGithub(text, EVENTS[name]).map(({ id, environment }) => {
      if (environment === null) return { id, environment, approval: false };
      const place = places.get(environment);
      if (place === undefined) throw new Error(`nobody knows the environment ${environment}`);
      return { id, ...place };
    });
    expect(jobs.map(jobInWords)).toEqual(EXPECTED[model][name]);
  });
});
