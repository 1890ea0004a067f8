/**
 * The compiler that `bin/wasm-toolchain` unpacks where rustup's server is out of reach. It is used when the Rust on PATH has
 * no standard library for the target, so nobody has to set variables.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './cargo-environment.ts';
import { readText } from './toml-file.ts';

/** The variables that make Cargo use it (`RUSTC`, linkers), or `undefined` when it is not there. */
export function privateRust(environment: Environment): Readonly<Record<string, string>> | undefined {
  const cache = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || '/', '.cache');
  const folder = join(cache, 'slipway', 'rust');
  // Written last: without it the folder is unfinished.
  if (!existsSync(join(folder, '.ready'))) return undefined;
  const lines = (readText(join(folder, 'environment')) ?? '').split('\n');
  const entries = lines.flatMap((line) => {
    const [, name, value] = /^([A-Z0-9_]+)=(.+)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}
