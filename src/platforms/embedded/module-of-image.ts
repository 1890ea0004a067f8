/** From an image to what a replica loads: the module is taken out of the home's images and prepared in the cache. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentSpec } from '../../delivery/index.ts';
import { type Digest, hexOf, sha256 } from '../../kernel/digest.ts';
import { writeFileAtomic } from '../../kernel/workspace.ts';

export type Engine = EnvironmentSpec['engine'];

/** A module that is ready to be served, in the form that its engine loads. */
export type Prepared =
  /** `folder` as `prepareModule` makes it. */
  | { readonly engine: 'node'; readonly folder: string }
  | {
      readonly engine: 'wasmtime';
      readonly program: string;
      readonly component: string;
      /** Bytes of memory that it starts with. */
      readonly startsWith: number;
    };

/** Calls may come at once, also for the same image. */
export type Prepare = (image: Digest, engine: Engine) => Promise<Prepared>;

export interface ModulesOptions {
  /** The OCI layout of the home. */
  readonly images: string;
  readonly cache: string;
  /** Of the agent: says where wasmtime is. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Throws what `selectModule`, `prepareModule` and `findWasmtime` throw: no such image, no module in it, nothing that we can
 * run, nothing to run it with.
 */
export function modulesOf({ images, cache, environment }: ModulesOptions): Prepare {
  const folder = join(cache, 'components');
  return async (image, engine) => {
    // All of it is heavy, and most starts of the platform prepare nothing.
    const { openLayout, selectModule } = await import('../../oci/index.ts');
    const { bytes } = await selectModule(openLayout({ folder: images }), image);
    if (engine === 'node') {
      const { prepareModule } = await import('./replica/prepare-module.ts');
      return { engine, folder: await prepareModule({ bytes, cacheFolder: folder }) };
    }
    const { checkForWasmtime, findWasmtime } = await import('./wasmtime.ts');
    const startsWith = checkForWasmtime(bytes);
    const program = await findWasmtime(environment);
    const component = join(folder, `${hexOf(sha256(bytes))}.wasm`);
    if (!existsSync(component)) writeFileAtomic(component, bytes);
    return { engine, program, component, startsWith };
  };
}
