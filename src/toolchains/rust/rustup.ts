/**
 * Which toolchain rustup's proxies would run, worked out from its files. `cargo` and `rustc` of rustup are one binary with
 * one hash for all toolchains, and asking it costs 20 to 60 ms each time: too much for a run in which nothing changed.
 * The order is that of the rustup book, "Overrides".
 */

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { toolchainFault } from '../toolchain-fault.ts';
import { table, text, texts } from './loose-value.ts';
import { parseToml, readText, readToml } from './toml-file.ts';

export interface RustupQuestion {
  /** The project folder, absolute. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface RustupToolchain {
  /** The folder that holds `bin/rustc`. */
  readonly folder: string;
  /** How it is named in rustup's commands. */
  readonly name: string;
  /** What chose it, for messages: `RUSTUP_TOOLCHAIN`, a path, `the default toolchain`. */
  readonly because: string;
}

export function isRustupProxy(realPath: string): boolean {
  return /^rustup(-init)?$/.test(basename(realPath));
}

/** `RUSTUP_HOME`, else `~/.rustup`. */
function rustupHome(environment: RustupQuestion['environment']): string {
  return environment['RUSTUP_HOME'] || join(environment['HOME'] || '/', '.rustup');
}

/** @throws Fault `toolchain/not-installed` with the command that installs it, or `toolchain/bad-manifest`. */
export function resolveRustupToolchain(question: RustupQuestion): RustupToolchain {
  const home = rustupHome(question.environment);
  const settings = readToml(join(home, 'settings.toml')) ?? {};
  const choice = chooseToolchain(question, settings);
  const folder = findFolder(join(home, 'toolchains'), choice.name, text(settings['default_host_triple']));
  if (folder !== undefined) return { ...choice, folder };
  throw toolchainFault({
    code: 'toolchain/not-installed',
    message: `The Rust toolchain ${choice.name} (chosen by ${choice.because}) is not installed.`,
    hint: `Run \`rustup toolchain install ${choice.name}\`.`,
  });
}

interface Choice {
  readonly name: string;
  readonly because: string;
}

function chooseToolchain({ folder, environment }: RustupQuestion, settings: object): Choice {
  const variable = environment['RUSTUP_TOOLCHAIN'];
  if (variable) return { name: variable, because: 'RUSTUP_TOOLCHAIN' };
  const overrides = table(table(settings)['overrides']);
  for (const place of ancestors(folder)) {
    const override = text(overrides[place]);
    if (override !== undefined) return { name: override, because: `rustup's override for ${place}` };
    const file = toolchainFile(place);
    if (file?.name !== undefined) return { name: file.name, because: file.path };
  }
  const fallback = text(table(settings)['default_toolchain']);
  if (fallback !== undefined) return { name: fallback, because: 'the default toolchain' };
  throw toolchainFault({
    code: 'toolchain/not-installed',
    message: 'rustup has no default toolchain, and nothing in the project names one.',
    hint: 'Run `rustup default stable`.',
  });
}

export interface ToolchainFile {
  readonly path: string;
  /** Channel, or an absolute folder; `undefined` when the file names only components or targets. */
  readonly name: string | undefined;
  readonly targets: readonly string[];
}

/** The `rust-toolchain.toml` of a folder, or the older `rust-toolchain`, which may hold just a name. */
export function toolchainFile(folder: string): ToolchainFile | undefined {
  for (const name of ['rust-toolchain', 'rust-toolchain.toml']) {
    const path = join(folder, name);
    const content = readText(path);
    if (content === undefined) continue;
    if (name === 'rust-toolchain' && /^\s*[\w.-]+\s*$/.test(content)) {
      return { path, name: content.trim(), targets: [] };
    }
    const toolchain = table(parseToml(content, path)['toolchain']);
    const custom = text(toolchain['path']);
    const chosen = custom === undefined ? text(toolchain['channel']) : resolve(folder, custom);
    return { path, name: chosen, targets: texts(toolchain['targets']) };
  }
  return undefined;
}

export function ancestors(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

function findFolder(toolchains: string, name: string, hostTriple: string | undefined): string | undefined {
  if (isAbsolute(name)) return existsSync(join(name, 'bin', 'rustc')) ? name : undefined;
  const candidates = [name, ...(hostTriple === undefined ? [] : [`${name}-${hostTriple}`])];
  for (const candidate of candidates) {
    const folder = join(toolchains, candidate);
    if (existsSync(join(folder, 'bin', 'rustc'))) return folder;
  }
  if (hostTriple !== undefined || !existsSync(toolchains)) return undefined;
  // Without a recorded host (older settings), the one installed toolchain of that name for any host is meant.
  const matching = readdirSync(toolchains).filter((entry) => entry.startsWith(`${name}-`));
  return matching.length === 1 ? join(toolchains, ...matching) : undefined;
}
