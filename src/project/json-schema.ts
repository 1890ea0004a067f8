/** The JSON Schema of `slipway.yaml` for editors, made from the schema that reads it. */

import type { Json } from '../kernel/digest.ts';

export type JsonSchema = { readonly [key: string]: Json | undefined };

/** Draft 2020-12; of what may be written, shorthands included. */
export async function projectJsonSchema(): Promise<JsonSchema> {
  const [{ toJSONSchema }, { projectSchema }] = await Promise.all([import('zod'), import('./project-schema.ts')]);
  const schema = toJSONSchema(projectSchema, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' });
  // The root's own description is its title in editors.
  return { ...JSON.parse(JSON.stringify(schema)), title: 'slipway.yaml' };
}
