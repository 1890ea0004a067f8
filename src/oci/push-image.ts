/** Sends an image to a registry: only what is not there yet, and every part before what points to it. */

import { shortDigest, type Digest } from '../kernel/digest.ts';
import { formatSize } from '../kernel/quantity.ts';
import { closureOf, isManifest } from './copy-image.ts';
import type { Descriptor } from './descriptor.ts';
import { artifactTag } from './artifact-tag.ts';
import type { Layout } from './layout.ts';
import { MAX_LAYER, MAX_MANIFEST } from './limits.ts';
import { readImage } from './read-image.ts';
import type { Repository } from './registry.ts';

export interface PushRequest {
  readonly layout: Layout;
  readonly index: Descriptor;
  readonly repository: Repository;
  /** The image gets each; its Wasm artifact gets each with `-wasm`. */
  readonly tags: readonly string[];
  /** Another repository of the same registry whose layers may be taken over. */
  readonly mountFrom?: string;
  readonly progress?: (text: string) => void;
}

export interface Pushed {
  /** `ghcr.io/acme/greeter@sha256:…` */
  readonly reference: string;
  readonly tags: readonly string[];
  /** Blobs and manifests, by what became of them. */
  readonly uploaded: readonly Digest[];
  readonly mounted: readonly Digest[];
  readonly present: readonly Digest[];
}

type Fate = 'uploaded' | 'mounted' | 'present';

/** @throws Fault as `readImage` and `Repository`. What arrived before a failure is not sent again by the next call. */
export async function pushImage(request: PushRequest): Promise<Pushed> {
  const { layout, index, repository, tags, progress = () => undefined } = request;
  const outdated: (readonly [string, Descriptor])[] = [];
  for (const [tag, descriptor] of await wantedTags(request)) {
    if ((await repository.digestOf(tag)) !== descriptor.digest) outdated.push([tag, descriptor]);
  }
  const fate: Record<Fate, Digest[]> = { uploaded: [], mounted: [], present: [] };
  if (outdated.length > 0 || (await repository.digestOf(index.digest)) !== index.digest) {
    for (const descriptor of await closureOf(layout, index)) {
      progress(`${shortDigest(descriptor.digest)} (${formatSize(descriptor.size)})`);
      fate[await send(request, descriptor)].push(descriptor.digest);
    }
    for (const [tag, descriptor] of outdated) {
      await repository.pushManifest({ descriptor, bytes: await layout.read(descriptor, MAX_MANIFEST) }, tag);
    }
  }
  return { reference: `${repository.name}@${index.digest}`, tags, ...fate };
}

async function send({ layout, repository, mountFrom }: PushRequest, descriptor: Descriptor): Promise<Fate> {
  const { digest } = descriptor;
  if (!isManifest(descriptor)) {
    if (await repository.hasBlob(digest)) return 'present';
    return repository.pushBlob({ digest, read: () => layout.read(descriptor, MAX_LAYER) }, mountFrom);
  }
  if ((await repository.digestOf(digest)) === digest) return 'present';
  await repository.pushManifest({ descriptor, bytes: await layout.read(descriptor, MAX_MANIFEST) }, digest);
  return 'uploaded';
}

async function wantedTags({ layout, index, tags }: PushRequest): Promise<readonly (readonly [string, Descriptor])[]> {
  const { children } = await readImage(layout, index);
  const artifact = children.find(({ kind }) => kind === 'artifact')?.descriptor;
  return tags.flatMap((tag) => [[tag, index] as const, ...(artifact ? [[artifactTag(tag), artifact] as const] : [])]);
}
