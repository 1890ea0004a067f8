/** Whether a release could be started here, asked before anything relies on it. */

import type { ReleaseContent } from '../../delivery/index.ts';
import { Fault } from '../../kernel/fault.ts';
import type { Engine, Prepare } from './module-of-image.ts';
import type { SecretStore } from './secret-store.ts';

export interface Preflight {
  readonly prepare: Prepare;
  readonly secrets: SecretStore;
}

/**
 * Why not: its image or module is not there or can't be run by the engine, the engine is not there, a version of a secret
 * is not kept. `null`: nothing speaks against it. Prepares its module, as its first replica would.
 */
export async function whyNot(
  { image, secrets: versions }: ReleaseContent,
  engine: Engine,
  { prepare, secrets }: Preflight,
): Promise<string | null> {
  try {
    secrets.read(versions);
    await prepare(image, engine);
    return null;
  } catch (error) {
    if (error instanceof Fault) return reasonOf(error);
    throw error;
  }
}

/** What happened and what to do about it, in one text: where a reason is told there is no place for a hint. */
export function reasonOf({ message, hint }: Fault): string {
  return `${message} ${hint}`;
}
