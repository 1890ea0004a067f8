/** How much is read of what others made. Registries must take manifests of 4 MiB (distribution-spec); nobody needs more. */

export const MAX_MANIFEST = 4 * 1024 * 1024;
export const MAX_CONFIG = 8 * 1024 * 1024;
/** A module, or a layer that holds one. */
export const MAX_MODULE = 256 * 1024 * 1024;
/** Layers are copied whole; larger ones are refused. */
export const MAX_LAYER = 1024 * 1024 * 1024;
export const MAX_CHILDREN = 64;
export const MAX_LAYERS = 128;
