/** From an image to what a replica loads: the module is taken out of the home's images and prepared in the cache. */

import { join } from 'node:path';
import type { Digest } from '../../kernel/digest.ts';

export interface ModulesOptions {
  /** The OCI layout of the home. */
  readonly images: string;
  readonly cache: string;
}

/** @throws what `selectModule` and `prepareModule` throw: no such image, no module in it, not a component we can run. */
export function modulesOf({ images, cache }: ModulesOptions): (image: Digest) => Promise<string> {
  return async (image) => {
    // Both are heavy, and most starts of the platform prepare nothing.
    const { openLayout, selectModule } = await import('../../oci/index.ts');
    const { prepareModule } = await import('./replica/prepare-module.ts');
    const { bytes } = await selectModule(openLayout({ folder: images }), image);
    return prepareModule({ bytes, cacheFolder: join(cache, 'components') });
  };
}
