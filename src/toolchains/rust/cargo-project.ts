/** What a Cargo project says about itself in files: read at planning time, without starting Cargo. */

import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { sha256 } from '../../kernel/digest.ts';
import { toolchainFault } from '../toolchain-fault.ts';
import { ancestors } from './rustup.ts';
import { table, type Table } from './loose-value.ts';
import { readText, readToml } from './toml-file.ts';

/**
 * Makes sure that the folder holds a whole Cargo project: manifest, lock file, and no dependency by path that leads out
 * of it. Dependencies of workspace members are looked at when they are built (`checkDepInfo`).
 *
 * @throws Fault `toolchain/bad-manifest` or `toolchain/outside-project`.
 */
export function checkCargoProject(folder: string): void {
  const manifest = readToml(join(folder, 'Cargo.toml'));
  if (manifest === undefined) {
    throw toolchainFault({
      code: 'toolchain/bad-manifest',
      message: `There is no Cargo.toml in ${folder}.`,
      hint: 'slipway.yaml belongs beside the Cargo.toml of the service or of its workspace.',
    });
  }
  if (!existsSync(join(folder, 'Cargo.lock'))) {
    const above = ancestors(folder)
      .slice(1)
      .find((place) => existsSync(join(place, 'Cargo.lock')));
    throw toolchainFault({
      code: 'toolchain/bad-manifest',
      message: `There is no Cargo.lock in ${folder}, so two builds may use different crates.`,
      hint: above
        ? `The lock file of the workspace is in ${above}: put slipway.yaml there.`
        : 'Run `cargo generate-lockfile` and commit it.',
    });
  }
  for (const { name, path } of pathDependencies(manifest)) refuseOutside(folder, name, path);
}

function refuseOutside(folder: string, name: string, path: string): void {
  const place = relative(folder, resolve(folder, path));
  if (!place.startsWith('..') && !isAbsolute(place)) return;
  throw toolchainFault({
    code: 'toolchain/outside-project',
    message: `The dependency ${name} is at ${path}, outside of the project folder: changes there would go unnoticed.`,
    hint: 'Put slipway.yaml into the folder that holds both (the workspace), or publish the dependency.',
  });
}

function pathDependencies(manifest: Table): { name: string; path: string }[] {
  const kinds = ['dependencies', 'dev-dependencies', 'build-dependencies'];
  const places = [manifest, ...Object.values(table(manifest['target'])).map(table), table(manifest['workspace'])];
  const listed = places.flatMap((place) => kinds.flatMap((kind) => Object.entries(table(place[kind]))));
  return listed.flatMap(([name, dependency]) => {
    const path = table(dependency)['path'];
    return typeof path === 'string' ? [{ name, path }] : [];
  });
}

const CONFIGURATION = [
  '.cargo/config.toml',
  '.cargo/config',
  'rustfmt.toml',
  '.rustfmt.toml',
  'clippy.toml',
  '.clippy.toml',
];

/**
 * The settings that Cargo, rustfmt and clippy read from outside the project folder (every folder above it, and Cargo's
 * home): path and content of each, digested. Two machines agree when neither has any.
 */
export function outsideConfiguration(folder: string, cargoHome: string): string {
  const above = ancestors(realpathSync(folder)).slice(1);
  const paths = [
    ...above.flatMap((place) => CONFIGURATION.map((name) => join(place, name))),
    join(cargoHome, 'config.toml'),
    join(cargoHome, 'config'),
  ];
  const found = paths.flatMap((path) => readText(path) ?? []);
  return found.length === 0 ? 'none' : sha256(found.join('\0'));
}
