/** How the tag of an image and that of its Wasm artifact belong together. */

/** The tag of the Wasm artifact that belongs to an image's tag. */
export function artifactTag(tag: string): string {
  return `${tag.slice(0, 128 - '-wasm'.length)}-wasm`;
}
