/** Copies an image from one layout into another: what a run made into the home. */

import { INDEX, MANIFEST, type Descriptor } from './descriptor.ts';
import type { BlobSource, Layout } from './layout.ts';
import { MAX_LAYER, MAX_MANIFEST } from './limits.ts';
import { malformed, parseIndex, parseManifest } from './parse.ts';
import { printable } from './printable.ts';

/** Everything that an index or manifest needs, each once: layers and configs, then manifests, the root last. */
export async function closureOf(source: BlobSource, root: Descriptor): Promise<readonly Descriptor[]> {
  const found = new Map<string, Descriptor>();
  const visit = async (descriptor: Descriptor): Promise<void> => {
    if (found.has(descriptor.digest)) return;
    const what: string = descriptor.digest;
    const bytes = await source.read(descriptor, MAX_MANIFEST);
    if (descriptor.mediaType === INDEX) {
      for (const child of (await parseIndex(bytes, what)).manifests) {
        // One level only: an index in an index serves nobody and could be endless.
        if (child.mediaType !== MANIFEST) throw malformed(what, `it holds a ${printable(child.mediaType)}`);
        await visit(child);
      }
    } else {
      const { config, layers } = await parseManifest(bytes, what);
      for (const blob of [...layers, config]) if (!found.has(blob.digest)) found.set(blob.digest, blob);
    }
    found.set(descriptor.digest, descriptor);
  };
  await visit(root);
  return [...found.values()];
}

/** True for what a registry keeps as a manifest, false for a blob. */
export function isManifest({ mediaType }: Pick<Descriptor, 'mediaType'>): boolean {
  return mediaType === INDEX || mediaType === MANIFEST;
}

/**
 * Copies what the target lacks, the root last, so that a reader of the target never sees an image with holes. Repeating
 * it, also at the same time, does no harm.
 *
 * @throws Fault as `readImage`.
 */
export async function copyImage(source: BlobSource, target: Layout, root: Descriptor): Promise<void> {
  for (const descriptor of await closureOf(source, root)) {
    if (target.sizeOf(descriptor.digest) === descriptor.size) continue;
    target.put(await source.read(descriptor, isManifest(descriptor) ? MAX_MANIFEST : MAX_LAYER));
  }
}
