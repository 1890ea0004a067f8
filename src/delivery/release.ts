/** A release: what is approved, deployed and rolled back to. Immutable; its digest is its identity. */

import { type Digest, digestOfJson } from '../kernel/digest.ts';

export interface ReleaseContent {
  readonly service: string;
  readonly environment: string;
  /** The digest of the OCI index. */
  readonly image: Digest;
  /** Resolved plain values. */
  readonly config: Readonly<Record<string, string>>;
  /** Name → id of the secret's version. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Capability grants, sorted. */
  readonly grants: readonly string[];
}

export interface Release {
  /** 1, 2, 3 … per environment; written `#7`. */
  readonly number: number;
  readonly digest: Digest;
  readonly content: ReleaseContent;
  /** The commit it was built from and the ref it was pushed on: for people, never part of the identity. */
  readonly revision: { readonly commit: string; readonly ref: string } | null;
  /**
   * What a Wasm runtime of a cluster pulls: the one manifest of the image that has the bare module as its layer, since it
   * can't read an index (facts/oci.md section 1.1). It follows from the image, so it is no part of the identity. Absent:
   * not known.
   */
  readonly artifact?: Digest;
}

/** sha256 of the canonical JSON of the content (design.md section 1). */
export function releaseDigest(content: ReleaseContent): Digest {
  const { service, environment, image, config, secrets, grants } = content;
  return digestOfJson({ service, environment, image, config, secrets, grants: [...grants].sort() });
}
