/**
 * What of a release's image its pods pull (facts/oci.md section 1). By default the index, of which every node takes the
 * Linux child for its processor. A Wasm runtime can't read an index, and containerd would give it the Linux child; so a
 * pod with a runtime class names the artifact: one manifest whose only layer is the component.
 */

import type { KubernetesSpec, Release } from '../../../delivery/index.ts';
import { kubernetesFault } from '../kubernetes-fault.ts';

/** Why this release can't run in this environment, or `null`. */
export function whyNoImage({ runtimeClass }: Pick<KubernetesSpec, 'runtimeClass'>, release: Release): string | null {
  if (runtimeClass === null || release.artifact !== undefined) return null;
  return `#${release.number} was deployed without saying what a Wasm runtime pulls of its image, and the runtime class ${runtimeClass} needs that`;
}

/**
 * The fields of the container. An artifact has no entry point, so the pod has to name one.
 *
 * @throws Fault `kubernetes/no-wasm-image`.
 */
export function pulledImage(
  spec: Pick<KubernetesSpec, 'runtimeClass' | 'repository'>,
  release: Release,
): { readonly image: string; readonly command?: readonly string[] } {
  const { repository, runtimeClass } = spec;
  if (runtimeClass === null) return { image: `${repository}@${release.content.image}` };
  if (release.artifact === undefined) {
    throw kubernetesFault({
      code: 'kubernetes/no-wasm-image',
      kind: 'refused',
      message: `${whyNoImage(spec, release) ?? ''}.`,
      hint: 'Deploy it once more with "slipway deploy".',
    });
  }
  return { image: `${repository}@${release.artifact}`, command: ['app.wasm'] };
}
