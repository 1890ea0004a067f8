/** The environment of a process that is to outlive the job of a CI system in which it was started. */

/**
 * By these a runner knows what belongs to a job and ends it with the job (GitHub: RUNNER_TRACKING_ID; Jenkins' process tree
 * killer: the cookies and BUILD_ID), or a program that it is in one.
 */
const MARKS = new Set([
  'BUILD_ID',
  'GITHUB_ACTIONS',
  'GITLAB_CI',
  'JENKINS_NODE_COOKIE',
  'JENKINS_SERVER_COOKIE',
  'JENKINS_URL',
  'RUNNER_TRACKING_ID',
]);

/** Whoever pushes images does it in the job; a process that stays must not know how. */
const LOGIN = new Set(['SLIPWAY_REGISTRY_USER', 'SLIPWAY_REGISTRY_PASSWORD']);

export function outlivingEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !MARKS.has(name) && !LOGIN.has(name)));
}
