/** The release build of a service: from Cargo's project to a core module. */

import { readText } from './toml-file.ts';
import { isAbsolute, join, relative, sep } from 'node:path';
import { toolchainFault } from '../toolchain-fault.ts';
import { runCargo, type CargoCall, type CargoResult } from './cargo.ts';
import { sizeProfile, type CargoPlaces } from './cargo-environment.ts';
import type { ServiceProgram } from './cargo-metadata.ts';
import { remapPaths } from './path-remapping.ts';
import type { RustTarget } from './targets.ts';

/** Part of every fingerprint: grows when the way in which something is built changes what comes out. */
export const RUST_RECIPE = 1;

export interface Compilation extends CargoCall {
  readonly program: ServiceProgram;
  readonly target: RustTarget;
  /** Whether wasm-opt comes next (it strips the names, which the linker then leaves in). */
  readonly willBeOptimised: boolean;
}

export interface Compiled {
  readonly result: CargoResult;
  /** The core module in Cargo's target folder: the next build overwrites it. `undefined` when it did not compile. */
  readonly module: string | undefined;
}

/**
 * For wasm32-wasip2 the linker is told to stop at the core module (with its interface in custom sections), since the optimiser
 * reads only those.
 *
 * @throws Fault as `runCargo`; `toolchain/outside-project` when a file was read that the fingerprint does not cover.
 */
export async function compileModule(compilation: Compilation, covered: readonly string[]): Promise<Compiled> {
  const { places, program, target } = compilation;
  const remapping = remapPaths(places, target, compilation.given);
  const common = ['--release', '--locked', '--message-format=json', '--target', target];
  const which = program.kind === 'bin' ? ['--bin', program.name] : ['--lib'];
  const link = target === 'wasm32-wasip2' ? ['--', '-C', 'link-arg=--skip-wit-component'] : [];
  const result = await runCargo({
    ...compilation,
    args: [...remapping.args, 'rustc', ...common, '-p', program.package, ...which, ...link],
    environment: { ...sizeProfile(compilation.willBeOptimised), ...remapping.environment },
  });
  if (!result.passed) return { result, module: undefined };
  const files = result.artifacts
    .filter((artifact) => artifact.target.name === program.name)
    .flatMap((artifact) => artifact.files);
  const module = files.findLast((file) => file.endsWith('.wasm'));
  if (module === undefined) {
    throw toolchainFault({
      code: 'toolchain/unusable',
      message: `Cargo built ${program.name} but told of no .wasm file.`,
      hint: `Build it by hand with \`cargo build --release --target ${target}\` and look.`,
    });
  }
  checkDepInfo(module.replace(/\.wasm$/, '.d'), places, covered);
  return { result, module };
}

/**
 * The files of the project that the compiler and build scripts read, as Cargo wrote them down (`.d`), must be among those
 * that the fingerprint covers: the top-level names `covered` of the project folder. Else a change would go unnoticed.
 */
export function checkDepInfo(path: string, places: CargoPlaces, covered: readonly string[]): void {
  const content = readText(path);
  if (content === undefined) {
    throw toolchainFault({
      code: 'toolchain/unusable',
      message: `Cargo did not write down what it read (${path}), so it is not known when to build again.`,
      hint: 'Use Cargo itself (1.85 or newer), not a program in its place.',
    });
  }
  for (const file of readDepInfo(content)) {
    if ([places.cargoHome, places.targetFolder, places.toolchain.sysroot].some((folder) => isBelow(file, folder)))
      continue;
    const inside = isBelow(file, places.source);
    if (inside && covered.includes(relative(places.source, file).split(sep)[0] ?? '')) continue;
    throw toolchainFault({
      code: 'toolchain/outside-project',
      message: `The build reads ${file}, which is not among the files that decide whether it must run again.`,
      hint: inside
        ? 'Keep what is compiled in out of slipway.yaml and of build folders.'
        : 'Put slipway.yaml into a folder that holds everything the build reads (the workspace root).',
    });
  }
}

/** Make syntax: `output: input input …`, with blanks in names escaped. */
function readDepInfo(content: string): readonly string[] {
  const inputs = content.split('\n').flatMap((line) => line.slice(line.indexOf(': ') + 1).split(/(?<!\\) /));
  return inputs.map((input) => input.replaceAll('\\ ', ' ').trim()).filter((input) => isAbsolute(input));
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(join(folder, sep));
}
