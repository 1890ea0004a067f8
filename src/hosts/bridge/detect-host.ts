/** In a job of which CI system we are, by what each of them sets. */

import { createGitHubBridge } from './github-bridge.ts';
import { createGitLabBridge } from './gitlab-bridge.ts';
import type { HostBridge, JobVariables } from './host-bridge.ts';
import { createJenkinsBridge } from './jenkins-bridge.ts';

export function detectHost(env: JobVariables): HostBridge | null {
  if (env['GITHUB_ACTIONS'] === 'true') return createGitHubBridge(env);
  if (env['GITLAB_CI'] === 'true') return createGitLabBridge(env);
  if (env['JENKINS_URL'] || (env['BUILD_ID'] && env['JOB_NAME'])) return createJenkinsBridge(env);
  return null;
}
