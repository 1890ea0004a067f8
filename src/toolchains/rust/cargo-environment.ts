/**
 * The whole environment that Cargo runs with. Four groups, and nothing else gets through:
 * - what the user may say about the build (`buildVariables`): it counts, so it is part of the fingerprint;
 * - where things are (home folders, target folder, search path): their names are mapped away and their programs identified;
 * - how the registry is reached (proxies, certificates, tokens): Cargo.lock holds the digest of whatever comes from there;
 * - our own: size profile, no colours, no incremental compilation.
 * Locale, time zone, terminal and the user's PATH stay out.
 */

import { basename, delimiter, dirname, join } from 'node:path';
import { realpathSync, statSync } from 'node:fs';
import { findProgram } from '../../kernel/subprocess.ts';
import type { RustToolchain } from './rust-toolchain.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const FIXED = [
  'RUSTFLAGS',
  'CARGO_ENCODED_RUSTFLAGS',
  'RUSTDOCFLAGS',
  'RUSTC_BOOTSTRAP',
  'RUST_BACKTRACE',
  'RUST_MIN_STACK',
  'RUST_TEST_THREADS',
  'PROPTEST_CASES',
  'SOURCE_DATE_EPOCH',
];
/** Cargo's own settings by variable (`CARGO_PROFILE_RELEASE_LTO`), and the C compiler of build scripts (crate `cc`). */
const PATTERN = /^(CARGO_(BUILD|PROFILE|TARGET|UNSTABLE)_|(CC|CXX|AR|RANLIB|CFLAGS|CXXFLAGS|LDFLAGS)(_|$))/;
/** They say where to write and how fast, or are given by us on the command line. */
const NEUTRAL = /^CARGO_(TARGET_DIR|BUILD_(TARGET|TARGET_DIR|BUILD_DIR|JOBS|INCREMENTAL))$/;

const TRANSPORT =
  /^((https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|GIT_SSL_CAINFO|CARGO_(HTTP|NET|REGISTRY|REGISTRIES|BUILD_JOBS)(_.*)?)$/i;

/** Names of the variables that can change what Cargo makes: the always known ones, and those set that match. */
export function buildVariables(environment: Environment): readonly string[] {
  const set = Object.keys(environment).filter((name) => PATTERN.test(name) && !NEUTRAL.test(name));
  return [...new Set([...FIXED, ...set])].sort();
}

export interface CargoPlaces {
  readonly toolchain: RustToolchain;
  /** `CARGO_HOME`: downloaded crates. */
  readonly cargoHome: string;
  /** Where Cargo keeps what it compiled. */
  readonly targetFolder: string;
  /** The folder of the project. */
  readonly source: string;
  /** The environment of our own process: what is not in a group above is dropped. */
  readonly outer: Environment;
}

/** `given` are the fingerprinted variables, as the pipeline hands them to the task. */
export function cargoEnvironment(places: CargoPlaces, given: Readonly<Record<string, string>>): Record<string, string> {
  const { toolchain, outer } = places;
  const transport = Object.entries(outer).filter(([name]) => TRANSPORT.test(name));
  const whereabouts = ['HOME', 'TMPDIR', 'RUSTUP_HOME', 'RUSTDOC'].map((name) => [name, outer[name]] as const);
  const passed = [...transport, ...whereabouts].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(passed),
    ...given,
    PATH: searchPath(toolchain, outer['PATH'] ?? ''),
    CARGO: toolchain.cargo,
    RUSTC: toolchain.rustc,
    CARGO_HOME: places.cargoHome,
    CARGO_TARGET_DIR: places.targetFolder,
    CARGO_INCREMENTAL: '0',
    CARGO_TERM_COLOR: 'never',
    // Cargo writes its progress bar to a pipe only when told how wide; it is the only place that knows the total.
    CARGO_TERM_PROGRESS_WHEN: 'always',
    CARGO_TERM_PROGRESS_WIDTH: '80',
  };
}

/** The toolchain, the folder of the C compiler that links build scripts and tests, and the system's. */
function searchPath(toolchain: RustToolchain, outerPath: string): string {
  const cc = findProgram('cc', outerPath);
  const folders = [
    toolchain.programs,
    ...(cc === undefined ? [] : [dirname(cc)]),
    '/usr/local/bin',
    '/usr/bin',
    '/bin',
  ];
  return [...new Set(folders)].join(delimiter);
}

/** The C compiler by its real name and size: it links build scripts and tests, never the wasm file itself. */
export function linkerIdentity(outer: Environment): string {
  const cc = findProgram('cc', outer['PATH'] ?? '');
  if (cc === undefined) return 'none';
  const real = realpathSync(cc);
  return `${basename(real)} ${statSync(real).size}`;
}

export function cargoHomeFolder(environment: Environment): string {
  return environment['CARGO_HOME'] || join(environment['HOME'] || '/', '.cargo');
}

/**
 * The profile for a small module. Given by variables, so the user's Cargo.toml stays as it is; what the user sets by the same
 * variables wins. Function names stay until wasm-opt has run: stripping symbols here would also take away which
 * instructions the module uses and who compiled it. Without wasm-opt everything is stripped.
 */
export function sizeProfile(willBeOptimised: boolean): Record<string, string> {
  return {
    CARGO_PROFILE_RELEASE_OPT_LEVEL: 'z',
    CARGO_PROFILE_RELEASE_LTO: 'true',
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '1',
    CARGO_PROFILE_RELEASE_PANIC: 'abort',
    CARGO_PROFILE_RELEASE_DEBUG: 'false',
    CARGO_PROFILE_RELEASE_STRIP: willBeOptimised ? 'debuginfo' : 'symbols',
  };
}
