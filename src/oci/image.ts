/**
 * Puts an image together: one index for everybody who picks by platform, and in it the CNCF Wasm artifact for those who
 * can't read an index (facts: runwasi, wkg, wasmCloud). Pure: the same recipe gives the same bytes everywhere.
 */

import type { Json } from '../kernel/digest.ts';
import {
  createDocument,
  IMAGE_CONFIG,
  INDEX,
  MANIFEST,
  WASM_CONFIG,
  WASM_LAYER,
  type Blob,
  type Descriptor,
  type Platform,
} from './descriptor.ts';
import type { Layer } from './layer.ts';

export const IMAGE_PLATFORMS = ['linux/amd64', 'linux/arm64', 'wasi/wasm'] as const;
export type ImagePlatform = (typeof IMAGE_PLATFORMS)[number];

/** A layer whose bytes are somewhere else. */
export type LayerReference = Pick<Layer, 'descriptor' | 'diffId' | 'title'>;

/** One child of the index that is a container image. */
export interface ChildRecipe {
  readonly platform: Platform;
  /** Bottom first. */
  readonly layers: readonly LayerReference[];
  readonly entrypoint: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** TCP port that it listens on. */
  readonly port?: number;
  /** `uid:gid` */
  readonly user?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageRecipe {
  readonly service: string;
  /** RFC 3339: see `creationTime`. */
  readonly created: string;
  readonly children: readonly ChildRecipe[];
  readonly artifact: ArtifactRecipe;
}

export interface ArtifactRecipe {
  /** The raw module, of type `application/wasm`. */
  readonly module: Descriptor;
  /** `null` for a core module of preview 1. */
  readonly component: {
    readonly imports: readonly string[];
    readonly exports: readonly string[];
    /** The world that it fits, `wasi:http/proxy`. */
    readonly target: string | null;
  } | null;
}

export interface Image {
  readonly index: Descriptor;
  /** In the order of the recipe. */
  readonly children: readonly Descriptor[];
  readonly artifact: Descriptor;
  /** Configs, manifests and last the index: what must be stored beside the layers and the module. */
  readonly documents: readonly Blob[];
}

export function assembleImage(recipe: ImageRecipe): Image {
  const children = recipe.children.map((child) => assembleChild(child, recipe));
  const artifact = assembleArtifact(recipe);
  const index = createDocument(INDEX, {
    schemaVersion: 2,
    mediaType: INDEX,
    // The first that matches is taken (image-spec, image-index.md): who runs Linux gets a Linux child.
    manifests: [...children, artifact].map(({ descriptor }) => descriptor),
    annotations: annotationsOf(recipe),
  });
  return {
    index: index.descriptor,
    children: children.map(({ descriptor }) => descriptor),
    artifact: artifact.descriptor,
    documents: [...children.flatMap(({ documents }) => documents), ...artifact.documents, index],
  };
}

interface Assembled {
  readonly descriptor: Descriptor;
  readonly documents: readonly Blob[];
}

function assembleChild(child: ChildRecipe, { created }: ImageRecipe): Assembled {
  const { platform, layers, environment = {}, port } = child;
  const config = createDocument(IMAGE_CONFIG, {
    created,
    architecture: platform.architecture,
    os: platform.os,
    config: {
      User: child.user,
      ExposedPorts: port === undefined ? undefined : { [`${port}/tcp`]: {} },
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      Entrypoint: [...child.entrypoint],
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ title }) => ({ created, created_by: `slipway: ${title}` })),
  });
  const annotations = child.annotations === undefined ? {} : { annotations: child.annotations };
  const manifest = manifestOf(
    config,
    layers.map(({ descriptor }) => descriptor),
    annotations,
  );
  return { descriptor: withPlatform(manifest, platform), documents: [config, manifest] };
}

/**
 * CNCF TAG Runtime, wasm-oci-artifact: `layerDigests` repeats the layers, `component` must be there for `wasip2`. The
 * manifest has no `artifactType`: the config's type says it already, and some registries allow only known ones.
 */
function assembleArtifact(recipe: ImageRecipe): Assembled {
  const { module, component } = recipe.artifact;
  const os = component === null ? 'wasip1' : 'wasip2';
  const config = createDocument(WASM_CONFIG, {
    created: recipe.created,
    author: null,
    architecture: 'wasm',
    os,
    layerDigests: [module.digest],
    component,
  });
  const layer = { ...module, mediaType: WASM_LAYER, annotations: { 'org.opencontainers.image.title': 'app.wasm' } };
  const manifest = manifestOf(config, [layer], { annotations: annotationsOf(recipe) });
  return { descriptor: withPlatform(manifest, { os, architecture: 'wasm' }), documents: [config, manifest] };
}

/** Without `artifactType`: an older skopeo (1.9) drops it from an index that it copies, which changes the digest. */
function withPlatform({ descriptor }: Blob, { os, architecture }: Platform): Descriptor {
  return { ...descriptor, platform: { architecture, os } };
}

function manifestOf(config: Blob, layers: readonly Descriptor[], rest: { readonly [key: string]: Json }): Blob {
  return createDocument(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: config.descriptor,
    layers,
    ...rest,
  });
}

/** Nothing of the commit: it would give one tree two digests. That stands in tags and provenance. */
function annotationsOf({ service, created }: ImageRecipe): Readonly<Record<string, string>> {
  return { 'org.opencontainers.image.created': created, 'org.opencontainers.image.title': service };
}
