/**
 * Where no release runs any more nothing of the environment stays that sends requests to one or keeps one in order. What
 * the engine remembers of it, and the versions of its secrets, are not the platform's.
 */

import type { EnvironmentContext } from '../../../delivery/index.ts';
import type { ClusterClient, KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { environmentLabels, environmentName, FIELD_MANAGER, releaseName } from '../names.ts';
import type { FollowedEnvironment } from '../observe/followed-environment.ts';

export async function removeEnvironment(
  followed: FollowedEnvironment,
  context: EnvironmentContext,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { client } = followed;
  const name = environmentName(context.key);
  const route = followed.route();
  const named = [
    ...(followed.traffic === 'istio' ? [{ ...KINDS.destinationRule, name }] : []),
    { ...KINDS.disruptionBudget, name },
    { ...KINDS.serviceAccount, name },
    // Those that a crash has left behind.
    ...Object.values(context.releases).map((release) => ({
      ...KINDS.configMap,
      name: releaseName(context.key, release),
    })),
  ];
  const read = await Promise.all(named.map((reference) => client.read(reference, signal)));
  const found = [...(route === undefined ? [] : [route]), ...followed.services().values(), ...read];
  for (const object of found) {
    if (object !== null) await removeIfOurs(client, { context, object, signal });
  }
}

export interface Removal {
  readonly context: EnvironmentContext;
  readonly object: KubernetesObject;
  readonly signal: AbortSignal | undefined;
}

/** Exactly the object that was seen, and only one that Slipway made for this environment. */
export async function removeIfOurs(client: ClusterClient, { context, object, signal }: Removal): Promise<void> {
  signal?.throwIfAborted();
  const { name, uid, labels = {} } = object.metadata;
  const ours = { ...environmentLabels(context.key), 'app.kubernetes.io/managed-by': FIELD_MANAGER };
  if (!Object.entries(ours).every(([label, value]) => labels[label] === value)) return;
  const { apiVersion, kind } = object;
  await client.remove({ apiVersion, kind, name, ...(uid === undefined ? {} : { uid }) }, signal);
}
