import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { checkCargoProject, outsideConfiguration } from './cargo-project.ts';
import { expectTarget, refuseOldTargetNames, targetProblem } from './targets.ts';

let root = '';
let project = '';

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

beforeEach(() => {
  root = realpathSync(temporaryFolder());
  project = join(root, 'work', 'project');
  write(
    'work/project/Cargo.toml',
    '[package]\nname = "a"\n[dependencies]\nown = { path = "crates/own" }\nserde = "1"\n',
  );
  write('work/project/Cargo.lock', 'version = 4\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a manifest with a lock file and dependencies below it is a project', () => {
  expect(() => checkCargoProject(project)).not.toThrow();
});

test('a missing lock file is said, and where the one of the workspace is', () => {
  rmSync(join(project, 'Cargo.lock'));
  expect(() => checkCargoProject(project)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('generate-lockfile') }),
  );
  write('work/Cargo.lock', 'version = 4\n');
  expect(() => checkCargoProject(project)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining(join(root, 'work')) }),
  );
});

test.each([
  ['a plain dependency', '[dependencies]\nlib = { path = "../lib" }\n'],
  ['one for a target', `[target.'cfg(unix)'.dev-dependencies]\nlib = { path = "../lib" }\n`],
  ['one of the workspace', '[workspace.dependencies]\nlib = { path = "/elsewhere/lib" }\n'],
])('%s outside of the folder is refused: its changes would go unnoticed', (_, manifest) => {
  write('work/project/Cargo.toml', manifest);
  expect(() => checkCargoProject(project)).toThrow(expect.objectContaining({ code: 'toolchain/outside-project' }));
});

test('settings above the project and in Cargo’s home count, those inside and on other machines do not', () => {
  const home = join(root, 'home');
  write('work/project/.cargo/config.toml', '[build]\n');
  const before = outsideConfiguration(project, home);
  write('work/.cargo/config.toml', '[build]\nrustflags = ["-Copt-level=1"]\n');
  const above = outsideConfiguration(project, home);
  write('home/config.toml', '[profile.release]\nlto = false\n');
  expect(new Set([before, above, outsideConfiguration(project, home)]).size).toBe(3);
});

test('old and unfit targets are named with the reason', () => {
  expect(targetProblem('wasm32-wasip2')).toBeUndefined();
  expect(targetProblem('wasm32-unknown-unknown')).toContain('no WASI');
  expect(() => expectTarget('wasm32-wasi', 'slipway.yaml')).toThrow(
    /slipway.yaml names the target wasm32-wasi: it was renamed wasm32-wasip1/,
  );
});

test.each([
  ['.cargo/config.toml', '[build]\ntarget = "wasm32-wasi"\n'],
  ['.cargo/config.toml', '[build]\ntarget = ["wasm32-wasip2", "wasm32-wasi"]\n'],
  ['rust-toolchain.toml', '[toolchain]\nchannel = "stable"\ntargets = ["wasm32-wasi"]\n'],
])('the old name is found in %s', (file, content) => {
  refuseOldTargetNames(project);
  write(`work/project/${file}`, content);
  expect(() => refuseOldTargetNames(project)).toThrow(
    expect.objectContaining({ code: 'toolchain/wrong-target', message: expect.stringContaining(file) }),
  );
});
