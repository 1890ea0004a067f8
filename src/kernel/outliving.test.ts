import { expect, test } from 'vitest';
import { outlivingEnvironment } from './outliving.ts';

test('what outlives a job has neither what the job would end it by nor its login to a registry, and everything else', () => {
  const env = {
    RUNNER_TRACKING_ID: 'github_1',
    JENKINS_NODE_COOKIE: 'x',
    BUILD_ID: '7',
    GITHUB_ACTIONS: 'true',
    SLIPWAY_REGISTRY_USER: 'crane',
    SLIPWAY_REGISTRY_PASSWORD: 'word',
    PATH: '/bin',
  };
  expect(outlivingEnvironment(env)).toEqual({ PATH: '/bin' });
});
