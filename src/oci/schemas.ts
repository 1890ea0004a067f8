/** The shapes of an image's documents. Loaded by `parse.ts` when there is something to parse. */

import * as z from 'zod';
import { isDigest, type Digest } from '../kernel/digest.ts';
import { INDEX, MANIFEST } from './descriptor.ts';
import { MAX_CHILDREN, MAX_LAYERS } from './limits.ts';

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

export const index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(INDEX).optional(),
  manifests: z.array(descriptor).max(MAX_CHILDREN),
  annotations: texts.optional(),
  config: absent.optional(),
  layers: absent.optional(),
});

export const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MANIFEST).optional(),
  artifactType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).max(MAX_LAYERS),
  subject: descriptor.optional(),
  annotations: texts.optional(),
  manifests: absent.optional(),
});

export const imageConfig = z.object({
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

export const wasmConfig = z.object({
  created: z.string().optional(),
  author: z.string().nullish(),
  architecture: z.literal('wasm'),
  os: z.string(),
  layerDigests: z.array(digest),
  component: z
    .object({ exports: z.array(z.string()), imports: z.array(z.string()), target: z.string().nullish() })
    .nullish(),
});

export const layerReferences = z.array(z.object({ descriptor, diffId: digest, title: z.string() }));
