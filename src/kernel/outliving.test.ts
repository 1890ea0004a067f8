import { expect, test } from 'vitest';
import { outlivingEnvironment } from './outliving.ts';

test('what outlives a job has nothing by which the job would end it, and everything else', () => {
  const env = {
    RUNNER_TRACKING_ID: 'github_1',
    JENKINS_NODE_COOKIE: 'x',
    BUILD_ID: '7',
    GITHUB_ACTIONS: 'true',
    PATH: '/bin',
  };
  expect(outlivingEnvironment(env)).toEqual({ PATH: '/bin' });
});
