/**
 * The label by which a plain Service finds the pods of several releases at once. A Deployment can't give it to its pods:
 * that would be other pods.
 */

import type { ClusterClient, KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { LABELS } from '../names.ts';
import { isChanged } from '../kubernetes-fault.ts';
import { fieldOf, textOf } from '../fields.ts';
import type { FollowedEnvironment } from '../observe/followed-environment.ts';
import { isGoing, releaseOf } from '../observe/release-status.ts';
import { isExposed } from '../observe/seen-traffic.ts';

/** Pods of these releases get the label, all others lose it. */
export async function exposePods(
  { client, ...followed }: Pick<FollowedEnvironment, 'client' | 'pods'>,
  releases: ReadonlySet<number>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const pod of followed.pods()) {
    const wanted = releases.has(releaseOf(pod) ?? 0);
    if (!isGoing(pod) && wanted !== isExposed(pod)) await label(client, { pod, wanted, fenced: false, signal });
  }
}

/**
 * A pod that has come to a release whose others have the label gets it too. Only as long as nobody has touched it since
 * it was seen, so that one who sees the past exposes nothing.
 */
export async function exposeNewPods(
  { client, ...followed }: Pick<FollowedEnvironment, 'client' | 'pods'>,
  service: KubernetesObject | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (textOf(fieldOf(service?.['spec'], 'selector'), LABELS.exposed) !== 'true') return;
  const pods = followed.pods();
  const exposed = new Set(pods.filter(isExposed).map(releaseOf));
  const fresh = pods.filter((pod) => !isGoing(pod) && !isExposed(pod) && exposed.has(releaseOf(pod)));
  for (const pod of fresh) {
    // One that was taken from the users on purpose says so.
    if (pod.metadata.labels?.[LABELS.exposed] !== undefined) continue;
    await label(client, { pod, wanted: true, fenced: true, signal });
  }
}

interface Labelling {
  readonly pod: KubernetesObject;
  readonly wanted: boolean;
  readonly fenced: boolean;
  readonly signal: AbortSignal | undefined;
}

async function label(client: ClusterClient, { pod, wanted, fenced, signal }: Labelling): Promise<void> {
  signal?.throwIfAborted();
  const { name, uid, resourceVersion } = pod.metadata;
  const metadata = {
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(fenced && resourceVersion !== undefined ? { resourceVersion } : {}),
    labels: { [LABELS.exposed]: String(wanted) },
  };
  try {
    await client.write({ ...KINDS.pod, metadata }, { kind: 'merge' }, signal);
  } catch (error) {
    // Pods come and go, and change: those that have are looked at anew.
    if (!isChanged(error)) throw error;
  }
}
