/** The targets that a service is built for, and what to say to the names that are not (or no longer) among them. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { toolchainFault } from '../toolchain-fault.ts';
import { ancestors, toolchainFile } from './rustup.ts';
import { table, text, texts } from './loose-value.ts';
import { readToml } from './toml-file.ts';

const RUST_TARGETS = ['wasm32-wasip2', 'wasm32-wasip1'] as const;
export type RustTarget = (typeof RUST_TARGETS)[number];

const RENAMED = 'it was renamed wasm32-wasip1 and removed in Rust 1.84';

/** Names that people write, with what is wrong about them. */
const WRONG: Readonly<Record<string, string>> = {
  'wasm32-wasi': RENAMED,
  'wasm32-wasi-preview1-threads': 'it was renamed wasm32-wasip1-threads, and services run without threads',
  'wasm32-wasip1-threads': 'services run without threads',
  'wasm32-unknown-unknown': 'it has no WASI, so a program can neither read a request nor write an answer',
  'wasm32-unknown-emscripten': 'it needs a browser or Emscripten’s own runtime',
  'wasm64-unknown-unknown': 'it has no WASI',
};

/** What is wrong with a target name, or `undefined` when a service can be built for it. */
export function targetProblem(name: string): string | undefined {
  if (RUST_TARGETS.some((target) => target === name)) return undefined;
  return WRONG[name] ?? 'no service can be built for it';
}

const TARGET_HINT = 'Use wasm32-wasip2 (a component that answers wasi:http requests) or wasm32-wasip1 (a core module).';

/** @throws Fault `toolchain/wrong-target` */
export function expectTarget(name: string, where: string): RustTarget {
  const target = RUST_TARGETS.find((candidate) => candidate === name);
  if (target !== undefined) return target;
  throw toolchainFault({
    code: 'toolchain/wrong-target',
    message: `${where} names the target ${name}: ${targetProblem(name) ?? ''}.`,
    hint: TARGET_HINT,
  });
}

/**
 * Looks for the old name `wasm32-wasi` where Cargo and rustup would read it: their own messages for it don't say what
 * to write instead.
 *
 * @throws Fault `toolchain/wrong-target` naming the file.
 */
export function refuseOldTargetNames(folder: string): void {
  for (const place of ancestors(folder)) {
    for (const name of ['.cargo/config.toml', '.cargo/config']) {
      const path = join(place, name);
      const build = table(readToml(path)?.['build'])['target'];
      for (const target of [text(build) ?? [], texts(build)].flat()) if (target in OLD) expectTarget(target, path);
    }
    const file = toolchainFile(place);
    for (const target of file?.targets ?? []) if (target in OLD) expectTarget(target, file?.path ?? place);
  }
}

const OLD = { 'wasm32-wasi': true, 'wasm32-wasi-preview1-threads': true };

/** File names and sizes of the standard library for a target: they change with it. `undefined` when it is not there. */
export function standardLibrary(sysroot: string, target: string): string | undefined {
  const folder = join(sysroot, 'lib', 'rustlib', target, 'lib');
  if (!existsSync(folder)) return undefined;
  const names = readdirSync(folder).sort();
  return names.some((name) => /^libstd-.*\.rlib$/.test(name)) ? names.join(' ') : undefined;
}
