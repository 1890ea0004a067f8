/** Makes the JSON Schema. Loads zod: import it lazily. */

import * as z from 'zod';
import type { Json } from '../kernel/digest.ts';
import { projectSchema } from './project-schema.ts';

export type JsonSchema = { readonly [key: string]: Json | undefined };

export function makeProjectJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(projectSchema, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' });
  return { ...JSON.parse(JSON.stringify(schema)), title: 'slipway.yaml' };
}
