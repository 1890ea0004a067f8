/** The modules of images, each prepared once, in the background. */

import type { Digest } from '../../../kernel/digest.ts';

export interface ModuleShelf {
  /**
   * The prepared module of an image; `null` while it is being prepared.
   *
   * @throws what made the preparation fail, once; the next call tries again.
   */
  take(image: Digest): string | null;
}

export interface ModuleShelfOptions {
  /** Gives the path of the image's module in the form that the replica host loads. */
  readonly prepare: (image: Digest) => Promise<string>;
  /** A preparation has ended. */
  readonly onChange: () => void;
}

type Place =
  | { readonly kind: 'pending' }
  | { readonly kind: 'ready'; readonly path: string }
  | { readonly kind: 'failed'; readonly error: unknown };

export function createModuleShelf({ prepare, onChange }: ModuleShelfOptions): ModuleShelf {
  const places = new Map<Digest, Place>();
  const begin = async (image: Digest): Promise<void> => {
    try {
      places.set(image, { kind: 'ready', path: await prepare(image) });
    } catch (error) {
      places.set(image, { kind: 'failed', error });
    }
    onChange();
  };
  return {
    take(image) {
      const place = places.get(image);
      if (place?.kind === 'ready') return place.path;
      if (place?.kind === 'pending') return null;
      if (place?.kind === 'failed') {
        places.delete(image);
        throw place.error;
      }
      places.set(image, { kind: 'pending' });
      void begin(image);
      return null;
    },
  };
}
