import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { findRust } from './rust-toolchain.ts';

const root = temporaryFolder();
const started = join(root, 'started');
const bin = join(root, 'cargo', 'bin');
const home = join(root, 'rustup');

function program(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${content}\n`);
  chmodSync(path, 0o755);
}

/** A compiler that writes down each start. */
function toolchain(name: string, version: string): string {
  const folder = join(home, 'toolchains', name);
  const answers = `printf 'rustc ${version}\\nhost: x86_64-unknown-linux-gnu\\nrelease: ${version}\\n'`;
  program(
    join(folder, 'bin', 'rustc'),
    `echo x >> ${started}; if [ "$1" = --print ]; then echo ${folder}; else ${answers}; fi`,
  );
  program(join(folder, 'bin', 'cargo'), ':');
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'lib', 'librustc_driver-0123.so'), `the same driver`);
  return folder;
}

const find = (environment: Record<string, string> = {}) =>
  findRust({
    folder: root,
    environment: { PATH: bin, RUSTUP_HOME: home, ...environment },
    memory: join(root, 'memory'),
  });

const starts = () => readFileSync(started, 'utf8').length / 2;

beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  writeFileSync(started, '');
  toolchain('stable', '1.95.0');
  toolchain('nightly', '1.97.0-nightly');
  program(join(bin, 'rustup'), 'echo a proxy must not be started >&2; exit 1');
  for (const name of ['cargo', 'rustc']) symlinkSync('rustup', join(bin, name));
  writeFileSync(join(home, 'settings.toml'), 'default_toolchain = "stable"\n');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('the real programs behind the proxies are found, with version, host and what chose them', async () => {
  const rust = await find();
  expect(rust).toMatchObject({
    cargo: join(home, 'toolchains/stable/bin/cargo'),
    rustc: join(home, 'toolchains/stable/bin/rustc'),
    sysroot: join(home, 'toolchains/stable'),
    version: '1.95.0',
    host: 'x86_64-unknown-linux-gnu',
    rustup: { name: 'stable', because: 'the default toolchain' },
  });
  expect(Object.keys(rust.identities).sort()).toEqual(['cargo', 'rustc']);
});

test('the second time nothing is started', async () => {
  const first = await find();
  const before = starts();
  expect(before).toBeGreaterThan(0);
  expect(await find()).toEqual(first);
  expect(starts()).toBe(before);
});

test('another toolchain behind the same proxy has another identity', async () => {
  const stable = await find();
  const nightly = await find({ RUSTUP_TOOLCHAIN: 'nightly' });
  expect(nightly.identities['rustc']).not.toBe(stable.identities['rustc']);
});

test('a changed compiler library is another compiler, though the program is the same', async () => {
  const before = await find();
  writeFileSync(join(home, 'toolchains/stable/lib/librustc_driver-0123.so'), 'another driver');
  const after = await find();
  expect(after.identities['rustc']).not.toBe(before.identities['rustc']);
  expect(after.identities['cargo']).toBe(before.identities['cargo']);
});

test('a component that gets installed later is noticed', async () => {
  expect((await find()).identities).not.toHaveProperty('clippy');
  for (const name of ['cargo-clippy', 'clippy-driver']) program(join(home, 'toolchains/stable/bin', name), ':');
  expect((await find()).identities).toHaveProperty('clippy');
});

test('RUSTC outside of rustup is taken as it is', async () => {
  const own = toolchain('own', '1.97.1');
  const rust = await find({ RUSTC: join(own, 'bin', 'rustc') });
  expect(rust).toMatchObject({ rustc: join(own, 'bin/rustc'), version: '1.97.1', sysroot: own });
  expect(rust.cargo).toBe(join(home, 'toolchains/stable/bin/cargo'));
});

test('what was remembered is found out again when the file is damaged', async () => {
  const first = await find();
  const { readdirSync } = await import('node:fs');
  for (const name of readdirSync(join(root, 'memory'))) writeFileSync(join(root, 'memory', name), '{"format":1');
  expect(await find()).toEqual(first);
});

test('no Rust at all is said with what to do', async () => {
  await expect(find({ PATH: join(root, 'empty') })).rejects.toMatchObject({ code: 'toolchain/not-found' });
});

test('a program that is not rustc is refused', async () => {
  program(join(root, 'other'), 'echo hello');
  await expect(find({ RUSTC: join(root, 'other') })).rejects.toMatchObject({ code: 'toolchain/unusable' });
});
