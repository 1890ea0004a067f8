/**
 * The Rust that a project is built with: where its programs are and what they are, to the byte. What a program is stays
 * known as long as its file is untouched, so in a run in which nothing changed no compiler is started and nothing is hashed.
 */

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOfJson, hexOf, sha256, sha256File, shortDigest, type Digest } from '../../kernel/digest.ts';
import { findProgram, runCommand } from '../../kernel/subprocess.ts';
import { writeFileAtomic } from '../../kernel/workspace.ts';
import { toolchainFault } from '../toolchain-fault.ts';
import { isRustupProxy, resolveRustupToolchain } from './rustup.ts';
import { readText } from './toml-file.ts';

export interface RustToolchain {
  /** Real programs, never rustup's proxies. */
  readonly cargo: string;
  readonly rustc: string;
  /** The folder with `cargo`, `cargo-fmt`, `cargo-clippy`, `rustfmt` and `clippy-driver`, as far as installed. */
  readonly programs: string;
  /** Where the compiler's own libraries are. */
  readonly sysroot: string;
  /** `1.95.0`, `x86_64-unknown-linux-gnu`. */
  readonly version: string;
  readonly host: string;
  /** The rustup toolchain and what chose it, when rustup is in play. */
  readonly rustup: { readonly name: string; readonly because: string } | undefined;
  /** By program: version and digest of the program with the libraries it consists of. Absent: not installed. */
  readonly identities: Readonly<Record<string, string>>;
}

export interface RustSearch {
  /** The project folder. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where what was found out is remembered (a folder of the cache). */
  readonly memory: string;
}

/**
 * Finds `cargo` and the compiler as the shell would: `RUSTC`, PATH, `$CARGO_HOME/bin`; through rustup's proxies to the
 * toolchain that they stand for.
 *
 * @throws Fault `toolchain/not-found`, `toolchain/not-installed` or `toolchain/unusable`.
 */
export async function findRust(search: RustSearch): Promise<RustToolchain> {
  const places = locate(search);
  const record = await recall(places, search.memory);
  return {
    cargo: places.cargo,
    rustc: places.rustc,
    programs: dirname(places.cargo),
    rustup: places.rustup,
    sysroot: record.sysroot,
    version: record.version,
    host: record.host,
    identities: record.identities,
  };
}

interface Places {
  readonly cargo: string;
  readonly rustc: string;
  readonly rustup: RustToolchain['rustup'];
}

function locate(search: RustSearch): Places {
  const { environment } = search;
  const searchPath = [environment['PATH'], cargoBin(environment)].filter(Boolean).join(':');
  const find = (name: string) => {
    const found = findProgram(name, searchPath);
    if (found !== undefined) return found;
    throw toolchainFault({
      code: 'toolchain/not-found',
      message: `The project is written in Rust, but ${name} is not on PATH.`,
      hint: 'Install Rust (https://rustup.rs) or run `bin/setup --wasm` of the Slipway checkout.',
    });
  };
  const question = { folder: realpathSync(search.folder), environment };
  const cargo = find('cargo');
  const rustc = find(environment['RUSTC'] || 'rustc');
  const proxies = [cargo, rustc].map((path) => isRustupProxy(realpathSync(path)));
  const toolchain = proxies.includes(true) ? resolveRustupToolchain(question) : undefined;
  const real = (path: string, name: string, proxy: boolean | undefined) =>
    toolchain && proxy ? join(toolchain.folder, 'bin', name) : path;
  return {
    cargo: realpathSync(real(cargo, 'cargo', proxies[0])),
    rustc: realpathSync(real(rustc, 'rustc', proxies[1])),
    rustup: toolchain && { name: toolchain.name, because: toolchain.because },
  };
}

function cargoBin(environment: RustSearch['environment']): string | undefined {
  const home = environment['CARGO_HOME'] || (environment['HOME'] && join(environment['HOME'], '.cargo'));
  return home ? join(home, 'bin') : undefined;
}

interface Remembered {
  /** Version of this file's shape. */
  readonly format: 1;
  /** Every file that was hashed, with size, times and inode as they were then. */
  readonly files: readonly { readonly path: string; readonly stamp: string }[];
  readonly sysroot: string;
  readonly version: string;
  readonly host: string;
  readonly identities: Readonly<Record<string, string>>;
}

async function recall(places: Places, memory: string): Promise<Remembered> {
  const path = join(memory, `rust-${hexOf(sha256(`${places.cargo}\n${places.rustc}`)).slice(0, 16)}.json`);
  const known = parseRemembered(readText(path));
  if (known?.files.every((file) => stamp(file.path) === file.stamp)) return known;
  const fresh = await examine(places);
  writeFileAtomic(path, JSON.stringify(fresh));
  return fresh;
}

/** Our own file, but others may have damaged it: anything unexpected counts as not remembered. */
function parseRemembered(content: string | undefined): Remembered | undefined {
  try {
    const value = JSON.parse(content ?? 'null') as Remembered | null;
    return value?.format === 1 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Changes whenever the file is written or replaced; `absent` counts too, so a tool that gets installed is noticed. */
function stamp(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? [stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino].join(' ') : 'absent';
}

async function examine(places: Places): Promise<Remembered> {
  const { rustc, cargo } = places;
  const [about, printed] = [await ask(rustc, ['-vV']), await ask(rustc, ['--print', 'sysroot'])];
  const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(about)?.[1];
  const [version, host, sysroot] = [field('release'), field('host'), printed.trim()];
  if (version === undefined || host === undefined || sysroot === '') {
    throw toolchainFault({
      code: 'toolchain/unusable',
      message: `${rustc} does not answer \`-vV\` as rustc does.`,
      hint: 'Check RUSTC and what is on PATH.',
    });
  }
  const programs = dirname(cargo);
  const ownLibraries = libraries(dirname(programs));
  const parts: Readonly<Record<string, readonly string[]>> = {
    cargo: [cargo],
    rustc: [rustc, ...libraries(sysroot)],
    clippy: [join(programs, 'cargo-clippy'), join(programs, 'clippy-driver'), ...ownLibraries],
    rustfmt: [join(programs, 'cargo-fmt'), join(programs, 'rustfmt'), ...ownLibraries],
  };
  const digests = new Map<string, Digest | undefined>();
  const files: { path: string; stamp: string }[] = [];
  for (const path of new Set(Object.values(parts).flat())) {
    files.push({ path, stamp: stamp(path) });
    digests.set(path, stamp(path) === 'absent' ? undefined : await sha256File(path));
  }
  const identities: Record<string, string> = {};
  for (const [name, paths] of Object.entries(parts)) {
    const content = paths.map((path) => digests.get(path));
    if (content.includes(undefined)) continue;
    const described = name === 'rustc' ? [about, ...content] : content;
    identities[name] = `${version} ${shortDigest(digestOfJson(described.map(String)))}`;
  }
  return { format: 1, files, sysroot, version, host, identities };
}

/** `librustc_driver`, which is the compiler, and LLVM. Names differ by platform and version. */
function libraries(sysroot: string): readonly string[] {
  const folder = join(sysroot, 'lib');
  const names = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
  return names
    .filter((name) => /^lib(rustc_driver|LLVM)/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

async function ask(program: string, args: readonly string[]): Promise<string> {
  const finished = await runCommand({ program, args, cwd: '/', env: {}, timeout: 30_000 });
  if (finished.exitCode === 0) return finished.stdout;
  throw toolchainFault({
    code: 'toolchain/unusable',
    message: `${program} ${args.join(' ')} failed: ${finished.stderr.trim().slice(0, 300)}`,
    hint: 'Run that command by hand; reinstall the toolchain if it fails too.',
  });
}
