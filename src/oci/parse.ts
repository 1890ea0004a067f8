/** From the bytes of an index, a manifest or a config to values that hold what the spec promises; hostile ones are refused. */

import type * as z from 'zod';
import { messageOf } from '../kernel/fault.ts';
import type { INDEX, MANIFEST, Descriptor } from './descriptor.ts';
import type { LayerReference } from './image.ts';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';
import type * as schemas from './schemas.ts';

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

export type ImageConfig = z.infer<typeof schemas.imageConfig>;
export type WasmConfig = z.infer<typeof schemas.wasmConfig>;

/** Each throws Fault `oci/malformed`; `what` names the document in the message. */
export async function parseIndex(bytes: Uint8Array, what: string): Promise<Index> {
  return (await indexParser())(bytes, what);
}

/** `parseIndex` for where nothing may be awaited. */
export async function indexParser(): Promise<(bytes: Uint8Array, what: string) => Index> {
  const { index } = await load();
  return (bytes, what) => parse(index, bytes, what);
}

export async function parseManifest(bytes: Uint8Array, what: string): Promise<Manifest> {
  return parse((await load()).manifest, bytes, what);
}

export async function parseImageConfig(bytes: Uint8Array, what: string): Promise<ImageConfig> {
  return parse((await load()).imageConfig, bytes, what);
}

export async function parseWasmConfig(bytes: Uint8Array, what: string): Promise<WasmConfig> {
  return parse((await load()).wasmConfig, bytes, what);
}

/** Layers as a task of ours wrote them down. */
export async function parseLayerReferences(value: unknown): Promise<readonly LayerReference[]> {
  return (await load()).layerReferences.parse(value);
}

/** A run that changes nothing parses nothing, and should not pay for the means to. */
function load(): Promise<typeof schemas> {
  return import('./schemas.ts');
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
