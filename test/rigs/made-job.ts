/** Jobs made by hand, for tests of what writes them down. */

import type { Job, JobGraph } from '../../src/hosts/job-graph.ts';

export function madeJob(fields: Partial<Job> & Pick<Job, 'id'>): Job {
  return {
    title: `Do ${fields.id}`,
    kind: 'stage',
    stage: 'check',
    needs: [],
    needsWhereRun: [],
    when: { ways: [{ event: 'push', ref: 'any', pattern: '*' }, { event: 'pullRequest' }] },
    command: ['run', fields.id],
    input: null,
    environment: null,
    permissions: [],
    secrets: [],
    registry: null,
    handsOn: true,
    cache: 'restore-and-save',
    timeout: { minutes: 30 },
    exclusive: null,
    printsCoverage: false,
    reports: { junit: null, coverage: null, codeQuality: null, sarif: null },
    ...fields,
  };
}

export function madeGraph(jobs: readonly Job[], fields: Partial<JobGraph> = {}): JobGraph {
  return {
    service: 'greeter',
    jobs,
    pushes: { branches: 'all', tags: ['*'] },
    protectedBranches: ['main'],
    setup: {
      install: [],
      installSlipway: [],
      runsOn: { github: 'ubuntu-24.04', gitlab: [], jenkins: null },
      deployOn: {},
      gitlabImage: null,
    },
    ...fields,
  };
}
