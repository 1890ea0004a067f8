/** What of an image a Wasm runtime of a cluster pulls: the manifest whose only layer is the component. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../kernel/digest.ts';
import type { System } from '../system.ts';

/** `undefined`: the image has none, or is not in the home. */
export async function wasmArtifact({ home }: System, image: Digest): Promise<Digest | undefined> {
  const folder = join(home, 'images');
  if (!existsSync(folder)) return undefined;
  const { describeImage, openLayout } = await import('../oci/index.ts');
  const layout = openLayout({ folder });
  if (layout.sizeOf(image) === undefined) return undefined;
  const { children } = await describeImage(layout, image);
  return children.find(({ kind }) => kind === 'artifact')?.digest;
}
