/** Sends an image to a registry: only what is not there yet, and every part before what points to it. */

import type { Digest } from '../kernel/digest.ts';
import { closureOf, isManifest } from './copy-image.ts';
import type { Descriptor } from './descriptor.ts';
import { artifactTag } from './image-tags.ts';
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

/** @throws Fault as `readImage` and `Repository`. What arrived before a failure is not sent again by the next call. */
export async function pushImage(request: PushRequest): Promise<Pushed> {
  const { layout, index, repository, tags, mountFrom, progress = () => undefined } = request;
  const wanted = await wantedTags(request);
  const outdated: (readonly [string, Descriptor])[] = [];
  for (const [tag, descriptor] of wanted) {
    if ((await repository.digestOf(tag)) !== descriptor.digest) outdated.push([tag, descriptor]);
  }
  const fate: Record<'uploaded' | 'mounted' | 'present', Digest[]> = { uploaded: [], mounted: [], present: [] };
  if (outdated.length > 0 || (await repository.digestOf(index.digest)) !== index.digest) {
    for (const descriptor of await closureOf(layout, index)) {
      const { digest } = descriptor;
      progress(`${digest.slice(7, 19)} (${descriptor.size} bytes)`);
      const manifest = isManifest(descriptor);
      const there = manifest ? (await repository.digestOf(digest)) === digest : await repository.hasBlob(digest);
      if (there) {
        fate.present.push(digest);
        continue;
      }
      const blob = { descriptor, bytes: await layout.read(descriptor, manifest ? MAX_MANIFEST : MAX_LAYER) };
      if (manifest) await repository.pushManifest(blob, digest);
      fate[manifest ? 'uploaded' : await repository.pushBlob(blob, mountFrom)].push(digest);
    }
    for (const [tag, descriptor] of outdated) {
      await repository.pushManifest({ descriptor, bytes: await layout.read(descriptor, MAX_MANIFEST) }, tag);
    }
  }
  return { reference: `${repository.name}@${index.digest}`, tags, ...fate };
}

async function wantedTags({ layout, index, tags }: PushRequest): Promise<readonly (readonly [string, Descriptor])[]> {
  const { children } = await readImage(layout, index);
  const artifact = children.find(({ kind }) => kind === 'artifact')?.descriptor;
  return tags.flatMap((tag) => [[tag, index] as const, ...(artifact ? [[artifactTag(tag), artifact] as const] : [])]);
}
