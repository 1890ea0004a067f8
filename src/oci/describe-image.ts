/** What `slipway image inspect` shows of an image. */

import type { Digest } from '../kernel/digest.ts';
import { platformName } from './descriptor.ts';
import type { Layout } from './layout.ts';
import { readImage, resolveInLayout, type ImageChild } from './read-image.ts';

/** Plain JSON. Texts are as the image has them: escape them before they reach a terminal. */
export type ImageDescription = {
  readonly digest: Digest;
  /** Tags of the layout that mean it. */
  readonly tags: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly children: readonly ChildDescription[];
  /** Bytes of everything, each blob once. */
  readonly size: number;
};

export type ChildDescription = {
  readonly digest: Digest;
  readonly kind: ImageChild['kind'];
  /** `linux/amd64`; `null` when nothing says it. */
  readonly platform: string | null;
  readonly layers: readonly { readonly digest: Digest; readonly mediaType: string; readonly size: number }[];
  /** Bytes of its layers: what a first pull transfers. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly environment: readonly string[];
  readonly ports: readonly string[];
  readonly user: string | null;
  readonly created: string | null;
  /** Of a Wasm artifact: what its config says about the component. */
  readonly component: {
    readonly target: string | null;
    readonly imports: readonly string[];
    readonly exports: readonly string[];
  } | null;
};

/** @throws Fault as `resolveInLayout` and `readImage`. */
export async function describeImage(layout: Layout, reference: string): Promise<ImageDescription> {
  const { root, annotations, children } = await readImage(layout, await resolveInLayout(layout, reference));
  const blobs = children.flatMap(({ descriptor, manifest }) => [descriptor, manifest.config, ...manifest.layers]);
  const sizes = new Map([root, ...blobs].map(({ digest, size }) => [digest, size]));
  return {
    digest: root.digest,
    tags: [...(await layout.tags())].flatMap(([tag, { digest }]) => (digest === root.digest ? [tag] : [])),
    annotations,
    children: children.map(describeChild),
    size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
  };
}

function describeChild(child: ImageChild): ChildDescription {
  const { descriptor, manifest } = child;
  const config = child.kind === 'other' ? undefined : child.config;
  const container = child.kind === 'container' ? child.config.config : undefined;
  const component = child.kind === 'artifact' ? child.config.component : undefined;
  const platform = descriptor.platform ?? config;
  return {
    digest: descriptor.digest,
    kind: child.kind,
    platform: platform ? platformName({ os: platform.os, architecture: platform.architecture }) : null,
    layers: manifest.layers.map(({ digest, mediaType, size }) => ({ digest, mediaType, size })),
    size: manifest.layers.reduce((sum, { size }) => sum + size, 0),
    annotations: manifest.annotations ?? {},
    entrypoint: container?.Entrypoint ?? [],
    environment: container?.Env ?? [],
    ports: Object.keys(container?.ExposedPorts ?? {}),
    user: container?.User ?? null,
    created: config?.created ?? null,
    component: component
      ? { target: component.target ?? null, imports: component.imports, exports: component.exports }
      : null,
  };
}
