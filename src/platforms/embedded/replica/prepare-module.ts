/** Makes a service's module ready for replicas, once: a folder in the cache, named by what it was made of and by what. */

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexOf, sha256 } from '../../../kernel/digest.ts';
import { randomIdentifier } from '../../../kernel/random.ts';
import { hostedFiles, transpilerIdentity } from '../../../wasm/index.ts';
import { checkService } from './check-service.ts';

export interface Preparation {
  /** A component or a core module. */
  readonly bytes: Uint8Array;
  readonly cacheFolder: string;
}

/**
 * The folder for `transpiled` of a replica's configuration. Several may prepare the same module at once: each makes it
 * apart, and the first that is done wins.
 *
 * @throws Fault `replica/not-a-service` as `checkService`; as `hostedFiles` else.
 */
export async function prepareModule({ bytes, cacheFolder }: Preparation): Promise<string> {
  const transpiler = transpilerIdentity().replaceAll(/[^\w.-]/g, '-');
  const folder = join(cacheFolder, `${hexOf(sha256(bytes))}-${transpiler}`);
  if (existsSync(folder)) return folder;
  checkService(bytes);
  const files = await hostedFiles(bytes);
  const temporary = `${folder}.${process.pid}.${randomIdentifier(8)}.tmp`;
  try {
    mkdirSync(temporary, { recursive: true });
    for (const [name, content] of files) writeFileSync(join(temporary, name), content, { flush: true });
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
