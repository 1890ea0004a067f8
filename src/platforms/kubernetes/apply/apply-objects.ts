/** Applies objects: only what is not so already, only onto what was seen, and all or none where that can be known before. */

import type { ClusterClient, KubernetesObject } from '../cluster-client.ts';
import { isChanged } from '../kubernetes-fault.ts';
import { isAlreadySo } from './applied-fields.ts';

export interface WantedObject {
  readonly object: KubernetesObject;
  /** What was seen of it; `null`: it is not there. */
  readonly live: KubernetesObject | null;
}

/** Writes in this order. What would be refused is refused before the first is written. */
export async function applyObjects(
  client: ClusterClient,
  wanted: readonly WantedObject[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const open = wanted.filter(({ object, live }) => live === null || !isAlreadySo(live, object));
  if (open.length > 1) {
    await Promise.all(open.map((one) => writeOnto(client, one, { dry: true, signal })));
  }
  for (const one of open) await writeOnto(client, one, { dry: false, signal });
}

/** An object that is not followed, read for the occasion. */
export async function withLive(
  client: ClusterClient,
  object: KubernetesObject,
  signal: AbortSignal | undefined,
): Promise<WantedObject> {
  const { apiVersion, kind, metadata } = object;
  return { object, live: await client.read({ apiVersion, kind, name: metadata.name }, signal) };
}

interface WriteOptions {
  readonly dry: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Somebody else's status may change so often while we write. */
const MOST_TRIES = 5;

/**
 * A driver that has lost its Lease must not undo what the next one has done, so an object is only written onto the state
 * that was seen. Its status may have moved on meanwhile: that is nobody's will.
 *
 * @throws Fault `kubernetes/changed` when what is wanted of the object was changed by somebody.
 */
async function writeOnto(client: ClusterClient, wanted: WantedObject, { dry, signal }: WriteOptions): Promise<void> {
  let { live } = wanted;
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      await client.write(onto(wanted.object, live), { kind: 'apply', dry }, signal);
      return;
    } catch (error) {
      if (live === null || tries === MOST_TRIES || !isChanged(error)) throw error;
      const { apiVersion, kind, metadata } = wanted.object;
      const now = await client.read({ apiVersion, kind, name: metadata.name }, signal);
      if (now === null || !isSameWill(live, now)) throw error;
      live = now;
    }
  }
}

function onto(object: KubernetesObject, live: KubernetesObject | null): KubernetesObject {
  const resourceVersion = live?.metadata.resourceVersion;
  return resourceVersion === undefined ? object : { ...object, metadata: { ...object.metadata, resourceVersion } };
}

/** The generation counts the changes of what is wanted, where the kind has one. */
function isSameWill({ metadata: before }: KubernetesObject, { metadata: now }: KubernetesObject): boolean {
  return before.uid === now.uid && before.generation !== undefined && before.generation === now.generation;
}
