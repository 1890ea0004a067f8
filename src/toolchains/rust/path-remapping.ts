/**
 * One name for every folder on every machine: panic messages hold the paths of sources, so without this two builds of one
 * tree differ by where they were made. The user's own flags stay in force, wherever they are written.
 */

import { join } from 'node:path';
import type { CargoPlaces } from './cargo-environment.ts';
import { ancestors } from './rustup.ts';
import { table } from './loose-value.ts';
import { readToml } from './toml-file.ts';

/** ASCII unit separator: how Cargo separates flags that may hold spaces. */
const SEPARATOR = '\u001f';

export interface Remapping {
  /** Variables to set. */
  readonly environment: Readonly<Record<string, string>>;
  /** Arguments for Cargo, before its subcommand's own. */
  readonly args: readonly string[];
}

/**
 * Cargo takes flags from exactly one place: `CARGO_ENCODED_RUSTFLAGS`, else `RUSTFLAGS`, else `target.*.rustflags`, else
 * `build.rustflags` (Cargo book, "build.rustflags"). Ours are added in the place that is in use. When prefixes overlap, rustc
 * takes the last one, so the innermost folders come last.
 */
export function remapPaths(places: CargoPlaces, target: string, given: Readonly<Record<string, string>>): Remapping {
  const folders = [
    [places.cargoHome, '/cargo'],
    [places.source, '/source'],
    [places.targetFolder, '/target'],
    [places.toolchain.sysroot, '/rust'],
  ];
  const flags = folders.map(([folder, name]) => `--remap-path-prefix=${folder}=${name}`);
  const encoded = given['CARGO_ENCODED_RUSTFLAGS'];
  const plain = given['RUSTFLAGS'];
  if (encoded !== undefined || plain !== undefined) {
    const own = encoded === undefined ? (plain ?? '').split(/\s+/) : encoded.split(SEPARATOR);
    const all = [...own.filter((flag) => flag !== ''), ...flags];
    return { environment: { CARGO_ENCODED_RUSTFLAGS: all.join(SEPARATOR) }, args: [] };
  }
  const place = hasTargetFlags(places, target, given) ? `target.${target}.rustflags` : 'build.rustflags';
  // Lists given on the command line are joined with those of the files.
  return { environment: {}, args: ['--config', `${place}=${JSON.stringify(flags)}`] };
}

function hasTargetFlags(places: CargoPlaces, target: string, given: Readonly<Record<string, string>>): boolean {
  const variable = `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}_RUSTFLAGS`;
  if (given[variable] !== undefined) return true;
  const folders = [...ancestors(places.source).map((folder) => join(folder, '.cargo')), places.cargoHome];
  return folders
    .flatMap((folder) => [readToml(join(folder, 'config.toml')), readToml(join(folder, 'config'))])
    .flatMap((config) => Object.entries(table(config?.['target'])))
    .some(([key, settings]) => (key === target || key.startsWith('cfg(')) && 'rustflags' in table(settings));
}
