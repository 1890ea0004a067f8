/** The service's own WebAssembly out of an image: what the embedded platform runs. */

import { sha256, type Digest } from '../kernel/digest.ts';
import { messageOf } from '../kernel/fault.ts';
import { LAYER_TAR, LAYER_TAR_GZIP, WASM_LAYER, type Descriptor } from './descriptor.ts';
import { decompress } from './gzip.ts';
import type { BlobSource, Layout } from './layout.ts';
import { MAX_MODULE } from './limits.ts';
import { ociFault } from './oci-fault.ts';
import { malformed } from './parse.ts';
import { readImage, resolveInLayout, type ImageChild } from './read-image.ts';

export interface ModuleInImage {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/**
 * The raw module of the image that a digest or tag means: the layer of its Wasm artifact, else `/app.wasm` of its
 * `wasi/wasm` child.
 *
 * @throws Fault `oci/no-module`, or as `readImage`.
 */
export async function selectModule(layout: Layout, reference: string): Promise<ModuleInImage> {
  const { root, children } = await readImage(layout, await resolveInLayout(layout, reference));
  const bytes = (await fromArtifact(layout, children)) ?? (await fromContainer(layout, children));
  if (bytes) return { bytes, digest: sha256(bytes) };
  throw ociFault({
    code: 'oci/no-module',
    message: `The image ${root.digest} holds no WebAssembly module: no Wasm artifact, no wasi/wasm child with a .wasm file.`,
    hint: 'Build the image with `slipway run package`.',
  });
}

async function fromArtifact(source: BlobSource, children: readonly ImageChild[]): Promise<Uint8Array | undefined> {
  const layer = children.find(({ kind }) => kind === 'artifact')?.manifest.layers[0];
  if (layer === undefined) return undefined;
  if (layer.mediaType !== WASM_LAYER) throw malformed(layer.digest, `the layer of a Wasm artifact is ${WASM_LAYER}`);
  return source.read(layer, MAX_MODULE);
}

async function fromContainer(source: BlobSource, children: readonly ImageChild[]): Promise<Uint8Array | undefined> {
  for (const child of children) {
    if (child.kind !== 'container' || child.config.architecture !== 'wasm') continue;
    const path = (child.config.config?.Entrypoint?.[0] ?? 'app.wasm').replace(/^\//, '');
    // An upper layer hides what lies below it.
    for (const layer of child.manifest.layers.toReversed()) {
      const found = await fileInLayer(source, layer, path);
      if (found) return found;
    }
  }
  return undefined;
}

/** Looks the name up in the archive; nothing is written anywhere. */
async function fileInLayer(source: BlobSource, layer: Descriptor, path: string): Promise<Uint8Array | undefined> {
  const { mediaType } = layer;
  if (mediaType !== LAYER_TAR && mediaType !== LAYER_TAR_GZIP) return undefined;
  const stored = await source.read(layer, MAX_MODULE);
  const archive = mediaType === LAYER_TAR ? stored : await decompress(stored, MAX_MODULE);
  const { unpackTar } = await import('modern-tar');
  try {
    const entries = await unpackTar(archive, { strict: true });
    return entries.findLast(({ header }) => header.type === 'file' && header.name.replace(/^\.?\//, '') === path)?.data;
  } catch (error) {
    throw malformed(`The layer ${layer.digest}`, `its archive is damaged (${messageOf(error)})`);
  }
}
