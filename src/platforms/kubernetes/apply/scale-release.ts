/** How many pods a release has: its Deployment and what that needs, made before it and removed after it. */

import type { EnvironmentContext, Release, ScaleEffect } from '../../../delivery/index.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { deployment, environmentObjects, releaseObjects } from '../objects/index.ts';
import { numberOf } from '../fields.ts';
import type { FollowedEnvironment } from '../observe/followed-environment.ts';
import { releaseOf } from '../observe/release-status.ts';
import { appliedFields, isObject } from './applied-fields.ts';
import { applyObjects, type WantedObject, withLive } from './apply-objects.ts';
import { removeEnvironment, removeIfOurs } from './remove-environment.ts';

export interface Place {
  readonly followed: FollowedEnvironment;
  readonly context: EnvironmentContext;
}

export async function scaleRelease(place: Place, effect: ScaleEffect, signal: AbortSignal | undefined): Promise<void> {
  const found = place.followed.deployments().find((one) => releaseOf(one) === effect.release) ?? null;
  if (effect.replicas === 0) return stopRelease(place, { found, release: effect.release, signal });
  if (found !== null && numberOf(found['spec'], 'replicas') === effect.replicas) return;
  const release = place.context.releases[effect.release];
  if (release === undefined) throw new Error(`${place.context.key} knows no release #${effect.release}`);
  await run(place, { found, release, replicas: effect.replicas, signal });
}

interface Run {
  readonly found: KubernetesObject | null;
  readonly release: Release;
  readonly replicas: number;
  readonly signal: AbortSignal | undefined;
}

async function run({ followed, context }: Place, { found, release, replicas, signal }: Run): Promise<void> {
  const { client } = followed;
  const wanted: WantedObject = {
    object: found === null ? deployment(context, release, replicas) : resized(found, context, { release, replicas }),
    live: found,
  };
  // Fewer pods need nothing that is not there.
  const grows = found === null || numberOf(found['spec'], 'replicas') < replicas;
  const needed = [...environmentObjects(context), ...releaseObjects(context, release, replicas)].filter(
    ({ kind }) => grows && kind !== KINDS.deployment.kind,
  );
  const all = await Promise.all(needed.map((object) => withLive(client, object, signal)));
  await applyObjects(client, [...all, wanted], signal);
}

/** As it was applied, so that its pods stay as they are whatever the environment says by now, but for their number. */
function resized(
  found: KubernetesObject,
  context: EnvironmentContext,
  { release, replicas }: Pick<Run, 'release' | 'replicas'>,
): KubernetesObject {
  const applied = appliedFields(found);
  const spec = applied?.['spec'];
  if (applied === null || !isObject(spec)) return deployment(context, release, replicas);
  return { ...applied, spec: { ...spec, replicas } };
}

interface Stop {
  readonly found: KubernetesObject | null;
  readonly release: number;
  readonly signal: AbortSignal | undefined;
}

/** Its pods go on serving for a few seconds while they end: their addresses may be handed out still. */
async function stopRelease({ followed, context }: Place, { found, release, signal }: Stop): Promise<void> {
  const { client } = followed;
  if (found !== null) await removeIfOurs(client, { context, object: found, signal });
  for (const service of followed.services().values()) {
    if (releaseOf(service) === release) await removeIfOurs(client, { context, object: service, signal });
  }
  const known = context.releases[release];
  const map = known === undefined ? undefined : releaseObjects(context, known, 0).find(isConfigMap);
  if (map !== undefined) {
    const { live } = await withLive(client, map, signal);
    if (live !== null) await removeIfOurs(client, { context, object: live, signal });
  }
  if (followed.deployments().length === 0) await removeEnvironment(followed, context, signal);
}

function isConfigMap({ kind }: KubernetesObject): boolean {
  return kind === KINDS.configMap.kind;
}
