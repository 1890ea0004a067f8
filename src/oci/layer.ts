/** A layer: an archive of files, compressed, with the digest of both forms. */

import { sha256, type Digest } from '../kernel/digest.ts';
import { createBlob, LAYER_TAR_GZIP, type Blob } from './descriptor.ts';
import { compress } from './gzip.ts';
import { writeTar, type TarEntry } from './tar.ts';

export interface Layer extends Blob {
  /** Digest of the archive before compression: what an image's config calls the layer. */
  readonly diffId: Digest;
  /** For people, in the image's history. */
  readonly title: string;
}

export async function createLayer(title: string, entries: readonly TarEntry[]): Promise<Layer> {
  const archive = writeTar(entries);
  return { title, diffId: sha256(archive), ...createBlob(LAYER_TAR_GZIP, await compress(archive)) };
}
