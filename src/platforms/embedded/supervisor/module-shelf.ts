/** The modules of images, each prepared once for each engine, in the background. */

import type { Digest } from '../../../kernel/digest.ts';
import type { Engine, Prepare, Prepared } from '../module-of-image.ts';

export interface ModuleShelf {
  /**
   * The prepared module of an image; `null` while it is being prepared.
   *
   * @throws what made the preparation fail, once; the next call tries again.
   */
  take(image: Digest, engine: Engine): Prepared | null;
}

export interface ModuleShelfOptions {
  readonly prepare: Prepare;
  /** A preparation has ended. */
  readonly onChange: () => void;
}

type Place =
  | { readonly kind: 'pending' }
  | { readonly kind: 'ready'; readonly prepared: Prepared }
  | { readonly kind: 'failed'; readonly error: unknown };

export function createModuleShelf({ prepare, onChange }: ModuleShelfOptions): ModuleShelf {
  const places = new Map<string, Place>();
  const begin = async (name: string, image: Digest, engine: Engine): Promise<void> => {
    try {
      places.set(name, { kind: 'ready', prepared: await prepare(image, engine) });
    } catch (error) {
      places.set(name, { kind: 'failed', error });
    }
    onChange();
  };
  return {
    take(image, engine) {
      const name = `${engine} ${image}`;
      const place = places.get(name);
      if (place?.kind === 'ready') return place.prepared;
      if (place?.kind === 'pending') return null;
      if (place?.kind === 'failed') {
        places.delete(name);
        throw place.error;
      }
      places.set(name, { kind: 'pending' });
      void begin(name, image, engine);
      return null;
    },
  };
}
