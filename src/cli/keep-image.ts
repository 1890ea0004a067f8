/** The image of a run into the home, and to the registry that the project names. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, parseDigest } from '../kernel/digest.ts';
import type { PipelineRun } from '../pipeline/index.ts';
import { imageTags } from '../project/index.ts';
import { definedOnly } from '../system.ts';
import type { RunScene } from './run-tasks.ts';

/**
 * Says the digest of the image. What is there already is neither copied nor pushed again.
 *
 * @param push Whether it goes to the registry, where the project names one.
 */
export async function keepImage(scene: RunScene, run: PipelineRun, push: boolean): Promise<Digest> {
  const { system, terminal, session } = scene;
  const opened = run.openResult('package/image');
  const index = indexOf(opened.value);
  const tags = imageTags(session.revision);
  const folder = join(system.home, 'images');
  const repository = push ? session.project.image.repository : null;
  terminal.print(`image ${index}`);
  if (terminal.host !== undefined || scene.reports !== undefined) {
    const { reportImage } = await import('./job-report.ts');
    reportImage(scene, index);
  }
  if (repository === null && isThere(folder, { index, tags })) return index;
  // Everything below is heavy to load, and a run that changes nothing is to be fast.
  const { createRepository, installImage, openLayout, parseReference, pushImage } = await import('../oci/index.ts');
  const home = openLayout({ folder, create: true });
  const descriptor = await installImage({ from: opened.output, home, index, tags });
  if (repository === null) return index;
  const target = createRepository({
    reference: parseReference(repository),
    clock: system.clock,
    credentials: { env: definedOnly(system.env) },
  });
  const { reference, uploaded, present } = await pushImage({
    layout: home,
    index: descriptor,
    repository: target,
    tags,
  });
  terminal.print(
    `pushed ${reference} (${tags.join(', ')}; ${uploaded.length} uploaded, ${present.length} there already)`,
  );
  return index;
}

/** Whether the layout's index names the image by all these tags. Blobs are verified when they are read. */
function isThere(
  folder: string,
  { index, tags }: { readonly index: Digest; readonly tags: readonly string[] },
): boolean {
  try {
    const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      readonly manifests: readonly {
        readonly digest: string;
        readonly annotations?: Readonly<Record<string, string>>;
      }[];
    };
    const names = manifests
      .filter(({ digest }) => digest === index)
      .map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name']);
    return tags.every((tag) => names.includes(tag));
  } catch {
    return false;
  }
}

function indexOf(value: unknown): Digest {
  if (value !== null && typeof value === 'object' && 'index' in value && typeof value.index === 'string') {
    return parseDigest(value.index);
  }
  throw new Error('package/image has left no index');
}
