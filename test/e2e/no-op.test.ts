/** What makes which task run again, with the real engine and the real compiler. */

import { chmodSync, cpSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { createCache, planPipeline, runPipeline } from '../../src/pipeline/index.ts';
import { createTasks, type StageProject } from '../../src/stages/index.ts';
import { findRust } from '../../src/toolchains/index.ts';

const root = realpathSync(temporaryFolder());
const folder = join(root, 'tally');
const cacheFolder = join(root, 'cache');
const project: StageProject = {
  service: 'tally',
  build: { toolchain: 'rust', target: 'wasm32-wasip1', optimise: 'Oz', maxSize: null },
  checks: { format: true, lint: true },
  tests: { unit: true, integration: true },
  image: { platforms: ['wasi/wasm'] },
};
const CARGO = ['build/compile', 'check/lint', 'test/integration', 'test/unit'];
/** The module comes out the same in these tests, so what is made of it stays known. */
const FROM_FILES = [...CARGO, 'check/format'].sort();

/** The tasks that ran, sorted; all must pass. */
async function run(extra: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const environment = { ...process.env, ...extra };
  const tasks = await createTasks({ project, folder, environment, cache: cacheFolder, replicaBundle: '/none' });
  const cache = createCache({ folder: cacheFolder, clock: systemClock });
  const { results } = await runPipeline({
    plan: planPipeline(tasks, { stages: ['check', 'build', 'test'] }),
    cache,
    project: folder,
    environment,
    clock: systemClock,
    logs: join(root, 'logs'),
  });
  expect(results.filter(({ kind }) => kind !== 'ran' && kind !== 'cached')).toEqual([]);
  return results
    .filter(({ kind }) => kind === 'ran')
    .map(({ task }) => task)
    .sort();
}

beforeAll(async () => {
  cpSync(join(import.meta.dirname, '../fixtures/tally'), folder, { recursive: true });
  writeFileSync(join(folder, '.gitignore'), 'secret.txt\n');
  await run();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a second run runs nothing, wherever it is started', async () => {
  expect(await run()).toEqual([]);
  expect(await run({ TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', CARGO_BUILD_JOBS: '1' })).toEqual([]);
});

test('a variable that the compiler reads makes its tasks run again, and going back makes none', async () => {
  expect(await run({ RUSTFLAGS: '-C debuginfo=0' })).toEqual(CARGO);
  expect(await run()).toEqual([]);
});

test('the mode of a file counts', async () => {
  chmodSync(join(folder, 'src', 'main.rs'), 0o755);
  expect(await run()).toEqual(FROM_FILES);
  chmodSync(join(folder, 'src', 'main.rs'), 0o644);
});

test('an input that git ignores counts', async () => {
  await run();
  writeFileSync(join(folder, 'secret.txt'), 'read by a build script, perhaps');
  expect(await run()).toEqual(FROM_FILES);
  rmSync(join(folder, 'secret.txt'));
});

test('another toolchain of the same name and version counts: it is its bytes that matter', async () => {
  const { sysroot } = await findRust({ folder, environment: process.env, memory: join(root, 'memory') });
  const other = join(root, 'toolchain');
  mkdirSync(join(other, 'bin'), { recursive: true });
  symlinkSync(join(sysroot, 'lib'), join(other, 'lib'));
  for (const name of readdirSync(join(sysroot, 'bin'))) {
    const wrapper = `#!/bin/sh\nexec ${join(sysroot, 'bin', name)} "$@"\n`;
    writeFileSync(join(other, 'bin', name), wrapper, { mode: 0o755 });
  }
  expect(await run({ RUSTUP_TOOLCHAIN: other })).toEqual(FROM_FILES);
  expect(await run()).toEqual([]);
});
