/** What the engine sees of a release: its Deployment and pods. */

import type { ReleaseStatus } from '../../../delivery/index.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { LABELS } from '../names.ts';
import { conditionOf, listOf, numberOf, textOf } from '../fields.ts';
import { podFailure } from './pod-failure.ts';

/** Number of the release that an object belongs to; `null`: it is of none. */
export function releaseOf({ metadata }: KubernetesObject): number | null {
  const number = Number(metadata.labels?.[LABELS.release]);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

/** One that is about to go counts no more. */
export function isGoing({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function isReady(pod: KubernetesObject): boolean {
  return !isGoing(pod) && textOf(conditionOf(listOf(pod['status'], 'conditions'), 'Ready'), 'status') === 'True';
}

/**
 * `pods`: those of this release. `stuck`: why a pod has found no node for a while. How many requests are in flight nobody
 * tells; a pod that ends goes on serving for a few seconds instead.
 */
export function releaseStatus(
  deployment: KubernetesObject,
  pods: readonly KubernetesObject[],
  stuck: (pod: KubernetesObject) => string | null,
): ReleaseStatus {
  const living = pods.filter((pod) => !isGoing(pod)).toSorted(byName);
  const failures = living.filter((pod) => !isReady(pod)).map((pod) => podFailure(pod) ?? stuck(pod));
  return {
    desired: numberOf(deployment['spec'], 'replicas'),
    // Pods of its former life have its labels too; its controller counts only its own, but tells a moment late.
    ready: Math.min(living.filter(isReady).length, numberOf(deployment['status'], 'readyReplicas')),
    restarts: living.reduce((sum, pod) => sum + restartsOf(pod), 0),
    failure: failures.find((failure) => failure !== null) ?? deploymentFailure(deployment),
    inFlight: 0,
  };
}

function restartsOf(pod: KubernetesObject): number {
  return listOf(pod['status'], 'containerStatuses').reduce<number>(
    (sum, container) => sum + numberOf(container, 'restartCount'),
    0,
  );
}

/** Pods that could not even be made (a quota, an admission policy), and a deadline that is over. */
function deploymentFailure(deployment: KubernetesObject): string | null {
  // What it says of the state before its last change counts no more.
  if (numberOf(deployment['status'], 'observedGeneration') !== deployment.metadata.generation) return null;
  const conditions = listOf(deployment['status'], 'conditions');
  const refused = conditionOf(conditions, 'ReplicaFailure');
  if (textOf(refused, 'status') === 'True') return `${textOf(refused, 'reason')}: ${textOf(refused, 'message')}`;
  const progress = conditionOf(conditions, 'Progressing');
  const late = textOf(progress, 'status') === 'False' && textOf(progress, 'reason') === 'ProgressDeadlineExceeded';
  return late ? `ProgressDeadlineExceeded: ${textOf(progress, 'message')}` : null;
}

function byName(one: KubernetesObject, other: KubernetesObject): number {
  return one.metadata.name < other.metadata.name ? -1 : 1;
}
