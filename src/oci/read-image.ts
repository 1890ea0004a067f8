/** Reads an image from anywhere, trusting nothing: each document is checked against its digest, size, type and limits. */

import { isDigest, type Digest } from '../kernel/digest.ts';
import { IMAGE_CONFIG, INDEX, MANIFEST, platformName, WASM_CONFIG, type Descriptor } from './descriptor.ts';
import { missing, type BlobSource, type Layout } from './layout.ts';
import { MAX_CONFIG, MAX_MANIFEST } from './limits.ts';
import {
  malformed,
  parseImageConfig,
  parseIndex,
  parseManifest,
  parseWasmConfig,
  type ImageConfig,
  type Manifest,
  type WasmConfig,
} from './parse.ts';
import { printable } from './printable.ts';

export type ImageChild =
  | {
      readonly kind: 'container';
      readonly descriptor: Descriptor;
      readonly manifest: Manifest;
      readonly config: ImageConfig;
    }
  | {
      readonly kind: 'artifact';
      readonly descriptor: Descriptor;
      readonly manifest: Manifest;
      readonly config: WasmConfig;
    }
  /** Something we do not know, such as a signature or a software bill of materials. */
  | { readonly kind: 'other'; readonly descriptor: Descriptor; readonly manifest: Manifest };

export interface ReadImage {
  /** What the reference meant: an index, or a single manifest. */
  readonly root: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of an index in its order; a single manifest is its own only child. */
  readonly children: readonly ImageChild[];
}

/**
 * The descriptor that a tag or digest means in a layout.
 *
 * @throws Fault `oci/missing`, or as `readImage` when the content must be looked at.
 */
export async function resolveInLayout(layout: Layout, reference: string): Promise<Descriptor> {
  if (!isDigest(reference)) {
    const tagged = (await layout.tags()).get(reference);
    if (tagged) return tagged;
    throw missing(`There is no image called "${printable(reference)}" in ${layout.folder}.`);
  }
  const size = layout.sizeOf(reference);
  if (size === undefined) throw missing(`There is no image ${reference} in ${layout.folder}.`);
  const bytes = await layout.read({ digest: reference, size, mediaType: '' }, MAX_MANIFEST);
  return { mediaType: mediaTypeOf(bytes, reference), digest: reference, size };
}

/**
 * @throws Fault `oci/missing`, `oci/digest-mismatch`, `oci/limit` or `oci/malformed`.
 */
export async function readImage(source: BlobSource, root: Descriptor): Promise<ReadImage> {
  if (root.mediaType === MANIFEST) {
    const child = await readChild(source, root);
    return { root, annotations: child.manifest.annotations ?? {}, children: [child] };
  }
  if (root.mediaType !== INDEX) throw malformed(root.digest, `${printable(root.mediaType)} is no type of an image`);
  const index = await parseIndex(await source.read(root, MAX_MANIFEST), `The index ${root.digest}`);
  const children: ImageChild[] = [];
  for (const descriptor of index.manifests) children.push(await readChild(source, descriptor));
  return { root, annotations: index.annotations ?? {}, children };
}

async function readChild(source: BlobSource, descriptor: Descriptor): Promise<ImageChild> {
  const what = `The manifest ${descriptor.digest}`;
  if (descriptor.mediaType !== MANIFEST) {
    throw malformed(what, `it is called ${printable(descriptor.mediaType)}, which is no type of a manifest`);
  }
  const manifest = await parseManifest(await source.read(descriptor, MAX_MANIFEST), what);
  switch (manifest.config.mediaType) {
    case IMAGE_CONFIG: {
      const config = await parseImageConfig(await source.read(manifest.config, MAX_CONFIG), `The config of ${what}`);
      checkContainer(descriptor, manifest, config);
      return { kind: 'container', descriptor, manifest, config };
    }
    case WASM_CONFIG: {
      const config = await parseWasmConfig(await source.read(manifest.config, MAX_CONFIG), `The config of ${what}`);
      checkArtifact(what, manifest, config);
      return { kind: 'artifact', descriptor, manifest, config };
    }
    default:
      return { kind: 'other', descriptor, manifest };
  }
}

function checkContainer(descriptor: Descriptor, manifest: Manifest, config: ImageConfig): void {
  const what = `The image ${descriptor.digest}`;
  const { platform } = descriptor;
  // Who chooses by the index must get what the config says, or a scanner and a runtime see different things.
  if (platform && (platform.os !== config.os || platform.architecture !== config.architecture)) {
    const claims = `${printable(platformName(platform))} in the index but ${printable(platformName(config))} in its config`;
    throw malformed(what, `it is ${claims}`);
  }
  if (config.rootfs.diff_ids.length !== manifest.layers.length) {
    throw malformed(what, `it has ${manifest.layers.length} layers but ${config.rootfs.diff_ids.length} diff_ids`);
  }
}

function checkArtifact(what: string, manifest: Manifest, config: WasmConfig): void {
  const layers = manifest.layers.map(({ digest }) => digest);
  if (layers.length !== 1) throw malformed(what, `a Wasm artifact has one layer, this one ${layers.length}`);
  if (config.layerDigests.length !== 1 || config.layerDigests[0] !== layers[0]) {
    throw malformed(what, 'the layerDigests of its config are not its layers');
  }
  if (config.os === 'wasip2' && !config.component) throw malformed(what, 'it is for wasip2 but describes no component');
}

function mediaTypeOf(bytes: Uint8Array, digest: Digest): string {
  try {
    const document: unknown = JSON.parse(Buffer.from(bytes).toString());
    const type = (document as { mediaType?: unknown }).mediaType;
    if (type === INDEX || type === MANIFEST) return type;
  } catch {
    // Not even JSON: told below.
  }
  throw malformed(digest, 'it is neither an index nor a manifest');
}
