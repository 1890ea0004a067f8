import { describe, expect, test } from 'vitest';
import { jobsOn } from '../../../src/hosts/predicate.ts';
import { graphOf } from '../project-graph.ts';
import { EVENTS, type EventName } from './events.ts';
import { EXPECTED, jobInWords, type Model, MODELS } from './expected.ts';

describe.each(Object.keys(MODELS) as Model[])('%s', (model) => {
  const graph = graphOf(MODELS[model]);

  test.each(Object.keys(EVENTS) as EventName[])('the predicates say of "%s" what the table says', (name) => {
    expect(jobsOn(graph, EVENTS[name]).map(jobInWords)).toEqual(EXPECTED[model][name]);
  });
});
