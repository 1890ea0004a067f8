import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { chooseProgram, type CargoTarget } from './cargo-metadata.ts';
import { checkDepInfo } from './compile-module.ts';
import type { CargoPlaces } from './cargo-environment.ts';

const root = temporaryFolder();
afterAll(() => rmSync(root, { recursive: true, force: true }));

const places: CargoPlaces = {
  outer: {},
  source: '/work/a project',
  cargoHome: '/home/cargo',
  targetFolder: '/cache/target',
  toolchain: {
    cargo: '',
    rustc: '',
    programs: '',
    sysroot: '/rust',
    version: '',
    host: '',
    rustup: undefined,
    identities: {},
  },
};

function check(inputs: readonly string[]): void {
  const path = join(root, 'app.d');
  writeFileSync(path, `/cache/target/app.wasm: ${inputs.map((input) => input.replaceAll(' ', '\\ ')).join(' ')}\n`);
  checkDepInfo(path, places, ['src', 'assets']);
}

test('a build may read what is covered, downloaded crates and what it made itself', () => {
  const read = ['src/main.rs', 'assets/a b.html'].map((path) => `/work/a project/${path}`);
  expect(() => check([...read, '/home/cargo/registry/src/x/lib.rs', '/cache/target/out/gen.rs'])).not.toThrow();
});

test('a file outside of the project, or one that does not count, is found out', () => {
  expect(() => check(['/work/shared/lib.rs'])).toThrow(expect.objectContaining({ code: 'toolchain/outside-project' }));
  expect(() => check(['/work/a project/slipway.yaml'])).toThrow(/slipway.yaml, which is not among/);
  expect(() => check(['/work/a project 2/src/main.rs'])).toThrow(/a project 2/);
});

const target = (name: string, kind: string): CargoTarget => ({ package: 'pack', name, kind: [kind] });

test('the only program is the service, of several the one with its name', () => {
  expect(chooseProgram([target('lib', 'lib'), target('main', 'bin')], 'greeter').name).toBe('main');
  expect(chooseProgram([target('tool', 'bin'), target('greeter', 'bin')], 'greeter').name).toBe('greeter');
  expect(chooseProgram([target('greeter', 'cdylib')], 'x').kind).toBe('cdylib');
});

test('several programs of other names, or none, are refused with the choices', () => {
  expect(() => chooseProgram([target('a', 'bin'), target('b', 'bin')], 'c')).toThrow(/\(a, b\), and none is named c/);
  expect(() => chooseProgram([target('a', 'lib')], 'a')).toThrow(/no program/);
});
