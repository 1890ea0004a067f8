/** What everything in an image is pointed at with: media type, digest and size (image-spec, descriptor.md). */

import { sha256, type Digest, type Json } from '../kernel/digest.ts';

export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const IMAGE_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const LAYER_TAR = 'application/vnd.oci.image.layer.v1.tar';
export const LAYER_TAR_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
/** The CNCF Wasm artifact: the type of its config, and of its one layer, which is the raw module. */
export const WASM_CONFIG = 'application/vnd.wasm.config.v0+json';
export const WASM_LAYER = 'application/wasm';

export type Platform = {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
};

export type Descriptor = {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly artifactType?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
};

/** A piece of content that knows what it is called. */
export interface Blob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export function createBlob(mediaType: string, bytes: Uint8Array): Blob {
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length }, bytes };
}

/** `linux/arm64`, `wasi/wasm`; the variant follows when there is one. */
export function platformName({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * A document of the image, its members in the order in which they are given: keep to that of the image-spec's own types.
 * skopeo writes an index anew when it copies one, in that order, and any other would change its digest on the way.
 */
export function createDocument(mediaType: string, value: { readonly [member: string]: Json | undefined }): Blob {
  return createBlob(mediaType, new TextEncoder().encode(JSON.stringify(value)));
}
