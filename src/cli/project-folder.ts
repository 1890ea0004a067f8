/** Where the project is, seen from where the command was typed. */

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PROJECT_FILE } from '../project/index.ts';

/** The folder of the project: this one or the nearest above it that has a `slipway.yaml`; `undefined` when none has. */
export function findProjectFolder(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, PROJECT_FILE))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
