import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { buildVariables, cargoEnvironment, type CargoPlaces } from './cargo-environment.ts';
import { remapPaths } from './path-remapping.ts';

const root = realpathSync(temporaryFolder());
afterAll(() => rmSync(root, { recursive: true, force: true }));

const places: CargoPlaces = {
  toolchain: {
    cargo: '/rust/bin/cargo',
    rustc: '/rust/bin/rustc',
    programs: '/rust/bin',
    sysroot: '/rust',
    version: '1.95.0',
    host: 'x86_64-unknown-linux-gnu',
    rustup: undefined,
    identities: {},
  },
  cargoHome: join(root, 'cargo'),
  targetFolder: join(root, 'target'),
  source: join(root, 'source'),
  outer: {
    HOME: '/home/ana',
    PATH: '/home/ana/bin',
    LANG: 'de_DE.UTF-8',
    TZ: 'Asia/Tokyo',
    SECRET: 'x',
    https_proxy: 'http://proxy',
    CARGO_REGISTRIES_ACME_TOKEN: 'token',
    CARGO_PROFILE_RELEASE_LTO: 'false',
  },
};
const remapped = [
  `--remap-path-prefix=${root}/cargo=/cargo`,
  `--remap-path-prefix=${root}/source=/source`,
  `--remap-path-prefix=${root}/target=/target`,
  '--remap-path-prefix=/rust=/rust',
];

test('what counts is named: what is always read, and what is set and matches', () => {
  const names = buildVariables({
    CARGO_PROFILE_RELEASE_LTO: 'false',
    CC_wasm32_wasip2: 'clang',
    CARGO_TARGET_DIR: '/somewhere',
    CARGO_BUILD_JOBS: '2',
    CARGO_REGISTRY_TOKEN: 'secret',
    PATH: '/bin',
  });
  expect(names).toEqual(expect.arrayContaining(['RUSTFLAGS', 'CARGO_PROFILE_RELEASE_LTO', 'CC_wasm32_wasip2']));
  for (const name of ['CARGO_TARGET_DIR', 'CARGO_BUILD_JOBS', 'CARGO_REGISTRY_TOKEN', 'PATH'])
    expect(names).not.toContain(name);
});

test('nothing gets through but the named groups', () => {
  const environment = cargoEnvironment(places, { RUSTFLAGS: '-g' });
  expect(environment).toMatchObject({
    HOME: '/home/ana',
    RUSTFLAGS: '-g',
    https_proxy: 'http://proxy',
    CARGO_REGISTRIES_ACME_TOKEN: 'token',
    CARGO_HOME: join(root, 'cargo'),
    PATH: expect.stringMatching(/^\/rust\/bin:/),
  });
  // The profile is for the fingerprint to decide: it comes with `given` or not at all.
  for (const name of ['LANG', 'TZ', 'SECRET', 'CARGO_PROFILE_RELEASE_LTO'])
    expect(environment).not.toHaveProperty(name);
  expect(environment['PATH']).not.toContain('/home/ana/bin');
});

test('flags of the user in variables are kept, and ours follow', () => {
  const encoded = (given: Record<string, string>) =>
    remapPaths(places, 'wasm32-wasip2', given).environment['CARGO_ENCODED_RUSTFLAGS']?.split('\u001f');
  expect(encoded({ RUSTFLAGS: '-C  opt-level=1' })).toEqual(['-C', 'opt-level=1', ...remapped]);
  expect(encoded({ CARGO_ENCODED_RUSTFLAGS: '--cfg\u001fname="a b"', RUSTFLAGS: 'ignored' })).toEqual([
    '--cfg',
    'name="a b"',
    ...remapped,
  ]);
});

test('flags of the user in files are kept: ours are added where theirs are', () => {
  const place = () => remapPaths(places, 'wasm32-wasip2', {}).args[1]?.split('=')[0];
  const configure = (content: string) => {
    mkdirSync(join(places.source, '.cargo'), { recursive: true });
    writeFileSync(join(places.source, '.cargo', 'config.toml'), content);
  };
  expect(place()).toBe('build.rustflags');
  configure(`[target.x86_64-unknown-linux-gnu]\nrustflags = ["-g"]\n`);
  expect(place()).toBe('build.rustflags');
  configure(`[target.'cfg(target_os = "wasi")']\nrustflags = ["-g"]\n`);
  expect(place()).toBe('target.wasm32-wasip2.rustflags');
  configure('[target.wasm32-wasip2]\nrustflags = ["-g"]\n');
  expect(place()).toBe('target.wasm32-wasip2.rustflags');
});
