/** TOML files of others. */

import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { messageOf, systemCodeOf } from '../../kernel/fault.ts';
import { toolchainFault } from '../toolchain-fault.ts';
import { table, type Table } from './loose-value.ts';

/**
 * `undefined` when there is no such file.
 *
 * @throws Fault `toolchain/bad-manifest` when it is not TOML.
 */
export function readToml(path: string): Table | undefined {
  const text = readText(path);
  return text === undefined ? undefined : parseToml(text, path);
}

export function parseToml(text: string, path: string): Table {
  try {
    return table(parse(text));
  } catch (error) {
    throw toolchainFault({
      code: 'toolchain/bad-manifest',
      message: `${path} is not sound TOML: ${messageOf(error)}`,
      hint: 'Mend the file; `cargo metadata` tells the same place.',
      cause: error,
    });
  }
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw toolchainFault({
      code: 'toolchain/bad-manifest',
      message: `${path} can't be read: ${messageOf(error)}`,
      hint: 'Check that it is a file and who may read it.',
      cause: error,
    });
  }
}
