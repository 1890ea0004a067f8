/** The JSON Schema of `slipway.yaml` for editors, made from the schema that reads it. */

import type { JsonSchema } from './make-json-schema.ts';

/** Draft 2020-12; of what may be written, shorthands included. */
export async function projectJsonSchema(): Promise<JsonSchema> {
  // A module of ours between, and not zod itself, so that a bundler keeps only what is used of zod.
  const { makeProjectJsonSchema } = await import('./make-json-schema.ts');
  return makeProjectJsonSchema();
}
