/** How the tasks of the stage `package` hand layers to each other: files of the output, and what they are in the value. */

import { promises, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest, Json } from '../kernel/digest.ts';
import { COMPRESSOR, parseLayerReferences, type Layer, type LayerReference } from '../oci/index.ts';
import type { FingerprintSpec, TaskContext } from '../pipeline/index.ts';

/** Grows when a task of this stage makes something else of the same input. */
const RECIPE = 1;

export function packageFingerprint(settings: { readonly [key: string]: Json }): FingerprintSpec {
  return {
    files: { include: [], exclude: [] },
    environment: [],
    tools: [{ name: 'compressor', identity: COMPRESSOR }],
    settings: { recipe: RECIPE, ...settings },
  };
}

/** Leaves each layer as a file of the output; what it returns belongs into the value, as `layers`. */
export function keepLayers(output: string, layers: readonly Layer[]): Json {
  return layers.map(({ bytes, descriptor, diffId, title }) => {
    writeFileSync(join(output, fileOf(descriptor.digest)), bytes);
    return { descriptor, diffId, title };
  });
}

export interface KeptLayer extends LayerReference {
  readonly bytes: Uint8Array;
}

/** The layers that a needed task kept. */
export async function borrowLayers(context: Pick<TaskContext, 'need'>, task: string): Promise<readonly KeptLayer[]> {
  const { output, value } = context.need(task);
  const kept = value !== null && typeof value === 'object' && 'layers' in value ? value['layers'] : undefined;
  const references = await parseLayerReferences(kept);
  return Promise.all(
    references.map(async (reference) => ({
      ...reference,
      bytes: await promises.readFile(join(output, fileOf(reference.descriptor.digest))),
    })),
  );
}

function fileOf(digest: Digest): string {
  return `${digest.replace(':', '-')}.tar.gz`;
}
