/**
 * `wasm-opt` on a core module. Binaryen can't read components, so this comes before a component is made
 * (facts/wasm.md section 6). The bytes depend on Binaryen's version, and the image's digest on the bytes: the version is
 * always that of the npm package we pin. A native program on PATH does the same work four to seven times faster and is
 * used exactly when it is the same version; with any other, two machines would give two digests of one source.
 */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram, runCommand } from '../kernel/subprocess.ts';
import { installedPackage } from './installed-package.ts';
import { firstLines, wasmFault } from './wasm-fault.ts';

export type OptimisationLevel = 'Oz' | 'Os' | 'O4' | 'O3' | 'O2' | 'O1' | 'O0';

/** Grows when the arguments below change. */
const RECIPE = 1;

/**
 * What Rust's targets use by default. They must be said: `strip` takes away the section that would tell them, and
 * wasm-opt then refuses the module. Version 108 to 132 of Binaryen know them all.
 */
const FEATURES = [
  'bulk-memory',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
  'reference-types',
  'multivalue',
].map((feature) => `--enable-${feature}`);

export interface Optimisation {
  /** Paths of the core module and of what is made of it (overwritten). */
  readonly input: string;
  readonly output: string;
  readonly level: OptimisationLevel;
  /** Where a native `wasm-opt` is looked for: the value of `PATH`. */
  readonly searchPath: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** Equal identities make equal bytes of equal modules, whichever program did it. */
export function optimiserIdentity(): string {
  return `binaryen@${binaryen().version}/${RECIPE}`;
}

/**
 * Optimises for the level, and drops function names and debug information; who compiled it (`producers`) and the interface
 * (`component-type`) stay. Returns the program that did it, for the log.
 *
 * @throws Fault `wasm/tool-failed` with what wasm-opt said.
 */
export async function optimiseModule(optimisation: Optimisation): Promise<string> {
  const { input, output, level, timeout, signal } = optimisation;
  const tool = await chooseTool(optimisation.searchPath, dirname(output));
  const finished = await runCommand({
    program: tool.program,
    args: [...tool.args, `-${level}`, ...FEATURES, '--strip-debug', input, '-o', output],
    cwd: dirname(output),
    env: {},
    timeout,
    ...(signal ? { signal } : {}),
  });
  signal?.throwIfAborted();
  if (finished.exitCode === 0 && existsSync(output)) return tool.name;
  const what = finished.ended === 'timeout' ? `it took longer than ${timeout / 1000} s` : firstLines(finished.stderr);
  throw wasmFault({
    code: 'wasm/tool-failed',
    message: `${tool.name} could not optimise the module: ${what}`,
    hint: 'Set `build.optimise: none` in slipway.yaml to ship the module as it was built.',
  });
}

interface Tool {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

async function chooseTool(searchPath: string, cwd: string): Promise<Tool> {
  const { version, script } = binaryen();
  const npm = { name: `wasm-opt ${version} (npm)`, program: process.execPath, args: [script] };
  const native = findProgram('wasm-opt', searchPath);
  if (native === undefined || native === script) return npm;
  const { stdout } = await runCommand({ program: native, args: ['--version'], cwd, env: {}, timeout: 10_000 });
  const same = /^wasm-opt version (\d+)\b/.exec(stdout)?.[1] === version.split('.')[0];
  return same ? { name: `wasm-opt ${version} (native)`, program: native, args: [] } : npm;
}

function binaryen(): { readonly version: string; readonly script: string } {
  const { folder, version } = installedPackage('binaryen');
  return { version, script: join(folder, 'bin', 'wasm-opt') };
}
