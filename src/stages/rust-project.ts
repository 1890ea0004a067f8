/**
 * What all tasks of a Rust project share: the toolchain, the places, and what a fingerprint must hold. Finding it out
 * starts no program when nothing changed since the last time.
 */

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hexOf, sha256, type Json } from '../kernel/digest.ts';
import type { FileSelection, FingerprintSpec, TaskContext } from '../pipeline/index.ts';
import {
  buildVariables,
  cargoHomeFolder,
  checkCargoProject,
  expectTarget,
  findRust,
  linkerIdentity,
  outsideConfiguration,
  privateRust,
  refuseOldTargetNames,
  RUST_RECIPE,
  standardLibrary,
  toolchainFault,
  type CargoCall,
  type CargoPlaces,
  type RustTarget,
  type RustToolchain,
} from '../toolchains/index.ts';
import type { StageOptions } from './stage-options.ts';

/** Tasks with this slot use one target folder, which Cargo locks anyway. */
export const CARGO_SLOT = 'cargo';

/** Names beside the project's own files: nothing that Cargo or a test reads (checked against what the compiler read). */
const LEFT_OUT = new Set([
  '.git',
  '.github',
  '.gitlab-ci-local',
  '.gitlab-ci.yml',
  '.slipway',
  'Jenkinsfile',
  'node_modules',
  'slipway.ci.lock',
  'slipway.yaml',
  'target',
]);

export interface RustProject {
  readonly target: RustTarget;
  readonly toolchain: RustToolchain;
  /** The target, or the host when clippy's own toolchain has no standard library for the target. */
  readonly lintTarget: string;
  /** The project folder, links resolved. */
  readonly folder: string;
  /** Names in the project folder that count for every Cargo task. */
  readonly covered: readonly string[];
  /** What Cargo needs to be started in a task. */
  call(context: TaskContext): CargoCall;
  /**
   * `tools` are those of `identities` that the task runs (variables count only where `rustc` does), `targets` those whose
   * standard library it links.
   */
  fingerprint(parts: FingerprintParts): FingerprintSpec;
}

export interface FingerprintParts {
  readonly tools: readonly ('cargo' | 'rustc' | 'clippy' | 'rustfmt')[];
  readonly targets?: readonly string[];
  readonly settings?: { readonly [key: string]: Json };
}

/**
 * @throws Fault `toolchain/…` when there is no usable toolchain, no standard library for the target, or the folder is no
 *   Cargo project that can be built reproducibly.
 */
export async function openRustProject(options: StageOptions): Promise<RustProject> {
  const { project, environment, cache } = options;
  const source = realpathSync(options.folder);
  checkCargoProject(source);
  refuseOldTargetNames(source);
  const target = expectTarget(project.build.target, 'build.target in slipway.yaml');
  const { toolchain, linkers, outer } = await chooseRust(source, target, options);
  const cargoHome = cargoHomeFolder(environment);
  const targetFolder = join(cache, 'cargo', hexOf(sha256(source)).slice(0, 12));
  const places: CargoPlaces = { toolchain, cargoHome, targetFolder, source, outer };
  const covered = coveredNames(source);
  const outside = outsideConfiguration(source, cargoHome);
  const variables = buildVariables(environment);
  const linker = linkerIdentity(environment);
  const libraries = new Map<string, string>();
  const libraryIdentity = (name: string): string => {
    const known = libraries.get(name) ?? sha256(standardLibrary(toolchain.sysroot, name) ?? '');
    libraries.set(name, known);
    return known;
  };
  return {
    target,
    toolchain,
    lintTarget: standardLibrary(dirname(toolchain.programs), target) === undefined ? toolchain.host : target,
    folder: source,
    covered,
    call: (context) => ({
      places,
      given: { ...linkers, ...context.environment },
      signal: context.signal,
      listener: context,
    }),
    fingerprint: ({ tools, targets = [], settings = {} }) => ({
      files: { include: covered, exclude: ['.git', 'node_modules'] } satisfies FileSelection,
      environment: tools.includes('rustc') ? variables : [],
      tools: [
        ...tools.map((name) => ({ name, identity: toolchain.identities[name] ?? 'not installed' })),
        ...targets.map((name) => ({ name: `std ${name}`, identity: libraryIdentity(name) })),
        ...(tools.includes('rustc') ? [{ name: 'cc', identity: linker }] : []),
        { name: 'settings outside', identity: outside },
      ],
      settings: { recipe: RUST_RECIPE, ...settings },
    }),
  };
}

/** The Rust on PATH when it can build for the target, else the private one with the variables that name its linkers. */
async function chooseRust(
  folder: string,
  target: RustTarget,
  { environment, cache }: StageOptions,
): Promise<Pick<CargoPlaces, 'toolchain' | 'outer'> & { readonly linkers: Readonly<Record<string, string>> }> {
  const memory = join(cache, 'toolchains');
  const toolchain = await findRust({ folder, environment, memory });
  const own = standardLibrary(toolchain.sysroot, target) === undefined ? privateRust(environment) : undefined;
  if (own === undefined) {
    expectStandardLibrary(toolchain, target);
    return { toolchain, linkers: {}, outer: environment };
  }
  const { RUSTC, RUSTDOC, ...linkers } = own;
  const outer = { ...environment, RUSTC, RUSTDOC };
  return { toolchain: await findRust({ folder, environment: outer, memory }), linkers, outer };
}

function expectStandardLibrary(toolchain: RustToolchain, target: RustTarget): void {
  if (standardLibrary(toolchain.sysroot, target) !== undefined) return;
  const { rustup } = toolchain;
  throw toolchainFault({
    code: 'toolchain/target-missing',
    message: `Rust ${toolchain.version}${rustup ? ` (${rustup.name}, chosen by ${rustup.because})` : ''} has no standard library for ${target}.`,
    hint: rustup
      ? `Run \`rustup target add ${target} --toolchain ${rustup.name}\`.`
      : `Install it for ${toolchain.rustc} (Debian: libstd-rust-dev-wasm32), or use rustup.`,
  });
}

/** Everything in the folder but what is known to be output: build folders carry a CACHEDIR.TAG. */
function coveredNames(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => !LEFT_OUT.has(name) && !isBuildFolder(join(folder, name)))
    .sort();
}

function isBuildFolder(path: string): boolean {
  return statSync(join(path, 'CACHEDIR.TAG'), { throwIfNoEntry: false }) !== undefined;
}
