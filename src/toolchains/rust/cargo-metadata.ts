/** What Cargo knows of the project's packages, and which program of them is the service. */

import { toolchainFault } from '../toolchain-fault.ts';
import { runCargo, type CargoCall } from './cargo.ts';
import { table, tables, text, texts } from './loose-value.ts';

export interface CargoTarget {
  readonly package: string;
  readonly name: string;
  /** `bin`, `lib`, `test`, `bench`, `custom-build`, or for libraries the crate types. */
  readonly kind: readonly string[];
}

/** Every target of every package in the workspace. */
export async function readTargets(call: CargoCall): Promise<readonly CargoTarget[]> {
  const quiet = { log: () => undefined, progress: () => undefined };
  const args = ['metadata', '--no-deps', '--format-version', '1', '--locked', '--offline'];
  const { passed, stdout, text: said } = await runCargo({ ...call, listener: quiet, args, onText: () => undefined });
  if (!passed) {
    throw toolchainFault({
      code: 'toolchain/bad-manifest',
      message: `Cargo can't read the project: ${said.trim().slice(0, 500)}`,
      hint: 'Run `cargo metadata` in the project folder and mend what it says.',
    });
  }
  return tables(table(JSON.parse(stdout))['packages']).flatMap((owner) =>
    tables(owner['targets']).map((target) => ({
      package: text(owner['name']) ?? '',
      name: text(target['name']) ?? '',
      kind: texts(target['kind']),
    })),
  );
}

/** Cargo's arguments for the libraries and programs; it refuses the ones of which there are none. */
export function shippedFlags(targets: readonly CargoTarget[]): readonly string[] {
  const kinds = new Set(targets.flatMap(({ kind }) => kind));
  const library = ['lib', 'rlib', 'cdylib', 'staticlib', 'dylib', 'proc-macro'].some((kind) => kinds.has(kind));
  return [...(library ? ['--lib'] : []), ...(kinds.has('bin') ? ['--bins'] : [])];
}

export interface ServiceProgram {
  readonly package: string;
  readonly name: string;
  /** A library is a service when it is a `cdylib` (written with wit-bindgen). */
  readonly kind: 'bin' | 'cdylib';
}

/**
 * The only program of the project, or the one that is named like the service.
 *
 * @throws Fault `toolchain/bad-manifest` naming the choices.
 */
export function chooseProgram(targets: readonly CargoTarget[], service: string): ServiceProgram {
  const programs = targets.flatMap((target): ServiceProgram[] => {
    const { package: owner, name, kind } = target;
    if (kind.includes('bin')) return [{ package: owner, name, kind: 'bin' }];
    return kind.includes('cdylib') ? [{ package: owner, name, kind: 'cdylib' }] : [];
  });
  const binaries = programs.filter(({ kind }) => kind === 'bin');
  const candidates = binaries.length > 0 ? binaries : programs;
  const named = candidates.filter(({ name, package: owner }) => [name, owner].includes(service));
  const chosen = candidates.length === 1 ? candidates[0] : (named.find(({ name }) => name === service) ?? named[0]);
  if (chosen !== undefined) return chosen;
  throw toolchainFault({
    code: 'toolchain/bad-manifest',
    message:
      candidates.length === 0
        ? 'The project has no program: neither src/main.rs, nor a [[bin]], nor a cdylib library.'
        : `The project has several programs (${candidates.map(({ name }) => name).join(', ')}), and none is named ${service}.`,
    hint: 'Name the service in slipway.yaml like the program that is to be shipped.',
  });
}
