/** Which toolchain a folder is made for, told by the files in it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Toolchain } from './project.ts';

export interface FoundToolchain {
  readonly toolchain: Toolchain;
  /** The file that told it. */
  readonly file: string;
}

const SIGNS: readonly FoundToolchain[] = [
  { file: 'Cargo.toml', toolchain: 'rust' },
  { file: 'go.mod', toolchain: 'go' },
  { file: 'asconfig.json', toolchain: 'assemblyscript' },
  { file: 'CMakeLists.txt', toolchain: 'c' },
];

/** The first sign in that order; `null` when there is none. */
export function findToolchain(folder: string): FoundToolchain | null {
  return SIGNS.find(({ file }) => existsSync(join(folder, file))) ?? null;
}
