/**
 * Images: digest → descriptor → layer → image, layouts on disk, and a registry client. What is built here depends on
 * nothing but what goes in; what is read here is trusted in nothing. It builds no module and runs no image.
 */

export { creationTime } from './creation-time.ts';
export { createBlob, platformName, WASM_LAYER, type Blob, type Descriptor, type Platform } from './descriptor.ts';
export { describeImage, type ChildDescription, type ImageDescription } from './describe-image.ts';
export { COMPRESSOR } from './gzip.ts';
export {
  assembleImage,
  IMAGE_PLATFORMS,
  type ChildRecipe,
  type Image,
  type ImagePlatform,
  type ImageRecipe,
  type LayerReference,
} from './image.ts';
export { IMAGE_LATENCY_EDGES, IMAGE_PORT, KEPT_COUNTERS_FOLDER, METRICS_PORT } from './image-offers.ts';
export { installImage, type InstallRequest } from './install-image.ts';
export { createLayer, type Layer } from './layer.ts';
export { openLayout, type BlobSource, type Layout } from './layout.ts';
export type { OciFaultCode } from './oci-fault.ts';
export { parseLayerReferences } from './parse.ts';
export { pushImage, type Pushed, type PushRequest } from './push-image.ts';
export { resolveInLayout } from './read-image.ts';
export { selectModule, type ModuleInImage } from './read-module.ts';
export { parseReference, type Reference } from './reference.ts';
export { createRepository, type Repository, type RepositoryOptions } from './registry.ts';
export { buildRuntime, RUNTIME_NODE, RUNTIME_USER } from './runtime/runtime-layer.ts';
export { RUNTIME_ARCHITECTURES, RUNTIME_LOCK, type RuntimeArchitecture } from './runtime/runtime-lock.ts';
export type { TarEntry } from './tar.ts';
