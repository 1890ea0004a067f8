/** Brings an image that a run made into the layout of the home. */

import { copyImage } from './copy-image.ts';
import type { Descriptor } from './descriptor.ts';
import { artifactTag } from './artifact-tag.ts';
import { openLayout, type Layout } from './layout.ts';
import { readImage, resolveInLayout } from './read-image.ts';

export interface InstallRequest {
  /** The output folder of `package/image`. */
  readonly from: string;
  readonly home: Layout;
  /** Digest of the index. */
  readonly index: string;
  /** The image gets each; its Wasm artifact gets each with `-wasm`. */
  readonly tags: readonly string[];
}

/** Repeatable, also at the same time. Returns the index. */
export async function installImage({ from, home, index, tags }: InstallRequest): Promise<Descriptor> {
  const source = openLayout({ folder: from });
  const root = await resolveInLayout(source, index);
  await copyImage(source, home, root);
  const artifact = (await readImage(home, root)).children.find(({ kind }) => kind === 'artifact')?.descriptor;
  for (const tag of tags) {
    await home.tag(tag, root);
    if (artifact) await home.tag(artifactTag(tag), artifact);
  }
  return root;
}
