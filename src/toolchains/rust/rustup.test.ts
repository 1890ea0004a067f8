import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { resolveRustupToolchain } from './rustup.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-rustup-')));
const home = join(root, 'rustup');
const project = join(root, 'work', 'project');

function write(path: string, content = ''): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function choose(environment: Record<string, string> = {}) {
  const { folder, because } = resolveRustupToolchain({
    folder: project,
    environment: { RUSTUP_HOME: home, ...environment },
  });
  return { toolchain: folder.replace(`${home}/toolchains/`, ''), because };
}

beforeEach(() => {
  rmSync(join(root, 'work'), { recursive: true, force: true });
  mkdirSync(project, { recursive: true });
  for (const name of ['stable', '1.90.0', 'nightly-2026-05-19']) {
    write(join(home, 'toolchains', `${name}-x86_64-unknown-linux-gnu`, 'bin', 'rustc'));
  }
  write(
    join(home, 'settings.toml'),
    `default_host_triple = "x86_64-unknown-linux-gnu"\ndefault_toolchain = "stable-x86_64-unknown-linux-gnu"\n`,
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('without anything else it is the default toolchain', () => {
  expect(choose()).toEqual({ toolchain: 'stable-x86_64-unknown-linux-gnu', because: 'the default toolchain' });
});

test('a toolchain file in the project or above it names the toolchain, the nearest one wins', () => {
  write(join(root, 'work', 'rust-toolchain'), 'nightly-2026-05-19\n');
  expect(choose().toolchain).toBe('nightly-2026-05-19-x86_64-unknown-linux-gnu');
  const file = join(project, 'rust-toolchain.toml');
  write(file, '[toolchain]\nchannel = "1.90.0"\ntargets = ["wasm32-wasip2"]\n');
  expect(choose()).toEqual({ toolchain: '1.90.0-x86_64-unknown-linux-gnu', because: file });
});

test('a toolchain file without a channel chooses nothing', () => {
  write(join(project, 'rust-toolchain.toml'), '[toolchain]\ncomponents = ["clippy"]\n');
  expect(choose().because).toBe('the default toolchain');
});

test('an override of the folder goes before the file in it, and RUSTUP_TOOLCHAIN before both', () => {
  write(join(project, 'rust-toolchain'), 'stable');
  write(
    join(home, 'settings.toml'),
    `default_host_triple = "x86_64-unknown-linux-gnu"\n[overrides]\n"${project}" = "1.90.0"\n`,
  );
  expect(choose().toolchain).toBe('1.90.0-x86_64-unknown-linux-gnu');
  expect(choose({ RUSTUP_TOOLCHAIN: 'nightly-2026-05-19' })).toMatchObject({ because: 'RUSTUP_TOOLCHAIN' });
});

test('a toolchain by path is taken relative to the file that names it', () => {
  write(join(root, 'work', 'own', 'bin', 'rustc'));
  write(join(project, 'rust-toolchain.toml'), '[toolchain]\npath = "../own"\n');
  expect(choose().toolchain).toBe(join(root, 'work', 'own'));
});

test('a toolchain that is not installed is refused with the command that installs it', () => {
  write(join(project, 'rust-toolchain'), '1.80');
  expect(() => choose()).toThrow(
    expect.objectContaining({ code: 'toolchain/not-installed', hint: 'Run `rustup toolchain install 1.80`.' }),
  );
});

test('a broken toolchain file is named', () => {
  write(join(project, 'rust-toolchain.toml'), '[toolchain\n');
  expect(() => choose()).toThrow(/rust-toolchain.toml is not sound TOML/);
});
