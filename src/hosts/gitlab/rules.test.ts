import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEvent, anyWays } from '../../../test/rigs/any-event.ts';
import { evaluateRule } from '../../../test/rigs/gitlab-expression.ts';
import { gitlabJobsOn, gitlabVariables } from '../../../test/rigs/gitlab-ci-file.ts';
import { madeGraph, madeJob } from '../../../test/rigs/made-job.ts';
import { matchesGlob } from '../../project/index.ts';
import type { EventWay, Job } from '../job-graph.ts';
import { jobsOn } from '../predicate.ts';
import { nameIsNoneOf, nameIsOneOf, writeExpression } from './expression.ts';
import { gitlabGenerator } from './gitlab-generator.ts';

const letter = fc.constantFrom(...Array.from('ab/*.-$"\'[(\\+?^|{ #'));
const pattern = fc.string({ unit: letter, minLength: 1, maxLength: 6 });
const name = fc.string({ unit: fc.constantFrom(...Array.from('ab/.-$"\'[(\\+?^|{ #')), minLength: 1, maxLength: 6 });

test('a pattern of the project file means the same in an expression, whatever stands in it', () => {
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), name, (patterns, name) => {
      const expected = patterns.some((pattern) => matchesGlob(pattern, name));
      expect(evaluateRule(writeExpression(nameIsOneOf('NAME', patterns)), { NAME: name })).toBe(expected);
      expect(evaluateRule(writeExpression(nameIsNoneOf('NAME', patterns)), { NAME: name })).toBe(!expected);
    }),
  );
});

test('what is not there is nothing that a pattern matches', () => {
  for (const patterns of [['*'], ['main'], ['a*', 'b']]) {
    expect(evaluateRule(writeExpression(nameIsOneOf('NAME', patterns)), {})).toBe(false);
  }
});

const pushes = fc.record({
  branches: fc.constantFrom('all' as const, ['main'], ['main', 'feature/*']),
  tags: fc.constantFrom([], ['v*']),
});

function deployment(when: readonly EventWay[], approval: readonly EventWay[]): Job {
  return madeJob({
    id: 'deploy-a',
    kind: 'deploy',
    stage: 'deploy',
    when: { ways: when },
    environment: { name: 'a', tier: 'other', approval: { ways: approval }, staysOnRunner: false },
  });
}

test('whatever the ways into a job, the file opens those and no others, and asks where it should', () => {
  fc.assert(
    fc.property(anyWays, fc.nat(), pushes, anyEvent, (when, pick, pushes, event) => {
      const graph = madeGraph([deployment(when, when.slice(0, 1 + (pick % when.length)))], { pushes });
      const { text } = gitlabGenerator.generate(graph, {});
      const found = gitlabJobsOn(text, gitlabVariables(event)).map(({ id, manual }) => ({ id, approval: manual }));
      expect(found).toEqual(jobsOn(graph, event).map(({ id, approval }) => ({ id, approval })));
    }),
    { numRuns: 200 },
  );
});

describe('a merge request of a branch', () => {
  const variables = {
    ...gitlabVariables({ event: 'push', ref: 'branch', name: 'main' }),
    CI_OPEN_MERGE_REQUESTS: 'a!1',
  };

  test('makes its pushes start nothing, unless they are deployed', () => {
    const check = madeJob({ id: 'check' });
    const only = gitlabGenerator.generate(madeGraph([check]), {}).text;
    expect(gitlabJobsOn(only, variables)).toEqual([]);
    const deploy = deployment([{ event: 'push', ref: 'branch', pattern: 'main' }], []);
    const deployed = gitlabGenerator.generate(madeGraph([check, deploy]), {}).text;
    expect(gitlabJobsOn(deployed, variables).map(({ id }) => id)).toEqual(['check', 'deploy-a']);
  });
});
