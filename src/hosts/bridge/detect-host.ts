/** The bridge to the CI system that we are in a job of. */

import { hostIn } from '../../project/index.ts';
import { createGitHubBridge } from './github-bridge.ts';
import { createGitLabBridge } from './gitlab-bridge.ts';
import type { HostBridge, JobVariables } from './host-bridge.ts';
import { createJenkinsBridge } from './jenkins-bridge.ts';

const BRIDGES = { github: createGitHubBridge, gitlab: createGitLabBridge, jenkins: createJenkinsBridge };

export function detectHost(env: JobVariables): HostBridge | null {
  const host = hostIn(env);
  return host === null ? null : BRIDGES[host](env);
}
