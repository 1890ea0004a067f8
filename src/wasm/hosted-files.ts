/** From a service's module to the files that our own host loads it from. */

import { binaryKind } from './binary-kind.ts';
import { transpileComponent } from './component-tools.ts';

/** A core module as it was built. Where it is not among the files they are those of a component. */
export const COMMAND_FILE = 'command.wasm';

/**
 * By file name: of a component `app.js` and the core modules that it asks for, of a core module itself. Deterministic for one
 * `transpilerIdentity()`.
 *
 * @throws Fault as `transpileComponent`.
 */
export async function hostedFiles(bytes: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  if (binaryKind(bytes) === 'module') return new Map([[COMMAND_FILE, bytes]]);
  return (await transpileComponent(bytes)).files;
}
