/** From the bytes of an index, a manifest or a config to values that hold what the spec promises; hostile ones are refused. */

import { z } from 'zod';
import { isDigest, type Digest } from '../kernel/digest.ts';
import { messageOf } from '../kernel/fault.ts';
import { INDEX, MANIFEST, type Descriptor } from './descriptor.ts';
import type { LayerReference } from './image.ts';
import { MAX_CHILDREN, MAX_LAYERS } from './limits.ts';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a sha256 digest');
const texts = z.record(z.string(), z.string());
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

/** `urls`, by which a layer may point to a foreign host, is not read at all. */
const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().nonnegative(),
  artifactType: z.string().optional(),
  platform: platform.optional(),
  annotations: texts.optional(),
});

// CVE-2021-41190: a document that is index and manifest at once means different things to different readers.
const absent = z.undefined({ error: 'must not be here: the document would be an index and a manifest at once' });

const index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(INDEX).optional(),
  manifests: z.array(descriptor).max(MAX_CHILDREN),
  annotations: texts.optional(),
  config: absent.optional(),
  layers: absent.optional(),
});

const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MANIFEST).optional(),
  artifactType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).max(MAX_LAYERS),
  subject: descriptor.optional(),
  annotations: texts.optional(),
  manifests: absent.optional(),
});

const imageConfig = z.object({
  created: z.string().optional(),
  architecture: z.string(),
  os: z.string(),
  config: z
    .object({
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
      ExposedPorts: z.record(z.string(), z.object({})).nullish(),
      User: z.string().nullish(),
      WorkingDir: z.string().nullish(),
      Labels: texts.nullish(),
    })
    .optional(),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(digest) }),
});

const wasmConfig = z.object({
  created: z.string().optional(),
  author: z.string().nullish(),
  architecture: z.literal('wasm'),
  os: z.string(),
  layerDigests: z.array(digest),
  component: z
    .object({ exports: z.array(z.string()), imports: z.array(z.string()), target: z.string().nullish() })
    .nullish(),
});

export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType?: typeof INDEX | undefined;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: typeof MANIFEST | undefined;
  readonly artifactType?: string | undefined;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export type ImageConfig = z.infer<typeof imageConfig>;
export type WasmConfig = z.infer<typeof wasmConfig>;

/** Each throws Fault `oci/malformed`; `what` names the document in the message. */
export const parseIndex = (bytes: Uint8Array, what: string): Index => parse(index, bytes, what);
export const parseManifest = (bytes: Uint8Array, what: string): Manifest => parse(manifest, bytes, what);
export const parseImageConfig = (bytes: Uint8Array, what: string): ImageConfig => parse(imageConfig, bytes, what);
export const parseWasmConfig = (bytes: Uint8Array, what: string): WasmConfig => parse(wasmConfig, bytes, what);

const layerReferences = z.array(z.object({ descriptor, diffId: digest, title: z.string() }));

/** Layers as a task of ours wrote them down. */
export function parseLayerReferences(value: unknown): readonly LayerReference[] {
  return layerReferences.parse(value);
}

function parse<Value>(schema: z.ZodType<Value>, bytes: Uint8Array, what: string): Value {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw malformed(what, `it is not JSON: ${printable(messageOf(error))}`);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const first = result.error.issues[0];
  throw malformed(what, printable(`${first?.path.join('.') ?? ''}: ${first?.message ?? 'invalid'}`));
}

export function malformed(what: string, why: string): Error {
  return ociFault({
    code: 'oci/malformed',
    message: `${what} is malformed: ${why}.`,
    hint: 'Build or pull the image again; if it comes from elsewhere, do not trust it.',
  });
}
