/** Real runs of Cargo on the smallest project; what needs crates and a wasm service is in test/e2e/build.test.ts. */

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTaskRig } from '../../test/rigs/task-rig.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { readTestSuites, type TaskDefinition } from '../pipeline/index.ts';
import { createTasks, type StageProject } from './index.ts';

const root = temporaryFolder();
const folder = join(root, 'tally');
const environment = process.env;
const project: StageProject = {
  service: 'tally',
  build: { toolchain: 'rust', target: 'wasm32-wasip1', optimise: 'Oz', maxSize: null },
  checks: { format: true, lint: true },
  tests: { unit: true, integration: true },
  image: { platforms: ['wasi/wasm'] },
};

const plan = (settings: Partial<StageProject> = {}, outer: Record<string, string | undefined> = {}) =>
  createTasks({
    project: { ...project, ...settings },
    folder,
    environment: { ...environment, ...outer },
    cache: join(root, 'cache'),
    replicaBundle: join(root, 'replica.js'),
  });

async function perform(id: string) {
  const rig = createTaskRig(folder, join(root, 'output'), environment);
  const task = (await plan()).find((candidate) => candidate.id === id);
  if (task === undefined) throw new Error(`no task ${id}`);
  return rig.perform(task);
}

function edit(file: string, change: (text: string) => string): () => void {
  const path = join(folder, file);
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, change(before));
  return () => writeFileSync(path, before);
}

beforeAll(() => cpSync(join(import.meta.dirname, '../../test/fixtures/tally'), folder, { recursive: true }));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a project gets the tasks that its settings ask for', async () => {
  const ids = (tasks: readonly TaskDefinition[]) => tasks.map(({ id }) => id);
  expect(ids(await plan())).toEqual([
    'check/format',
    'check/lint',
    'build/compile',
    'build/optimise',
    'build/component',
    'test/unit',
    'test/integration',
    'package/image',
  ]);
  const less = { checks: { format: false, lint: true }, tests: { unit: true, integration: false } };
  expect(ids(await plan(less))).not.toContain('check/format');
  expect(ids(await plan(less))).not.toContain('test/integration');
});

test('an image is made only of what passed every check and test', async () => {
  const image = (await plan()).find(({ id }) => id === 'package/image');
  expect(image?.needs).toEqual(['build/component', 'check/format', 'check/lint', 'test/unit', 'test/integration']);
});

test('good code is formatted and has no findings', async () => {
  expect(await perform('check/format')).toMatchObject({ kind: 'passed' });
  expect(await perform('check/lint')).toMatchObject({ kind: 'passed', value: { findings: 0 } });
});

test('unformatted code fails with file and line, without being changed', async () => {
  const restore = edit('src/main.rs', (text) => text.replace('    println', 'println'));
  const outcome = await perform('check/format');
  restore();
  expect(outcome).toMatchObject({ kind: 'failed', summary: '1 file is not formatted', details: ['src/main.rs:1'] });
  expect(outcome).toMatchObject({ findings: [{ rule: 'rustfmt', place: { file: 'src/main.rs', line: 1 } }] });
});

test('a lint counts as a finding, a mistake as code that does not compile', async () => {
  const restore = edit('src/lib.rs', (text) =>
    text.replace('    text.split', '    return text.split').replace('count()', 'count();'),
  );
  const finding = await perform('check/lint');
  restore();
  expect(finding).toMatchObject({ kind: 'failed', summary: '1 finding' });
  const at = { file: 'src/lib.rs', line: 9, column: 5 };
  const lint = { severity: 'warning', rule: 'clippy::needless_return', place: at };
  expect(finding).toMatchObject({ findings: [lint] });
  expect(finding.kind === 'failed' && finding.details.join('\n')).toContain('src/lib.rs:9');

  const mend = edit('src/lib.rs', (text) => text.replace('.count()', '.first()'));
  const mistake = await perform('check/lint');
  mend();
  expect(mistake).toMatchObject({ kind: 'failed', summary: 'it does not compile: 1 error' });
  expect(mistake).toMatchObject({ findings: [{ severity: 'error', rule: 'E0599', place: { file: 'src/lib.rs' } }] });
});

test('tests are counted as the harness counts them', async () => {
  const unit = await perform('test/unit');
  expect(unit).toMatchObject({
    kind: 'passed',
    value: { passed: 3, failed: 0, ignored: 1 },
    summary: '2 passed, 1 ignored, 1 doc test passed',
  });
  expect(await perform('test/integration')).toMatchObject({
    kind: 'passed',
    value: { passed: 1 },
    summary: '1 passed',
  });
});

test('failed and crashed tests are named with what they said', async () => {
  const restore = edit(
    'tests/api.rs',
    (text) => `${text}#[test]\nfn wrong() {\n    assert_eq!(1, 2, "off by one");\n}\n`,
  );
  writeFileSync(join(folder, 'tests', 'crash.rs'), '#[test]\nfn crashes() {\n    std::process::abort();\n}\n');
  const outcome = await perform('test/integration');
  restore();
  rmSync(join(folder, 'tests', 'crash.rs'));
  expect(outcome).toMatchObject({ kind: 'failed', summary: '1 of 2 tests failed' });
  const details = outcome.kind === 'failed' ? outcome.details.join('\n') : '';
  expect(details).toContain('failed: wrong (tests/api.rs)');
  expect(details).toContain('off by one');
  expect(details).toContain('ended without a summary: tests/crash.rs (signal: 6');
  expect(outcome).toMatchObject({
    findings: [
      { rule: 'test', place: { file: 'tests/api.rs' }, message: expect.stringContaining('off by one') },
      { rule: 'test', place: null, message: expect.stringContaining('tests/crash.rs ended without a summary') },
    ],
    value: { passed: 1, failed: 1, suites: [{ crash: null }, { crash: expect.stringContaining('signal: 6') }] },
  });
  const [api] = readTestSuites(outcome.kind === 'failed' ? (outcome.value ?? null) : null);
  expect(api).toMatchObject({ name: 'tests/api.rs', failed: [{ name: 'wrong' }], ignored: [] });
  expect(api?.passed).toHaveLength(1);
});

test('a core module is built, optimised, described and measured', async () => {
  const rig = createTaskRig(folder, join(root, 'output'), environment);
  const byId = async (settings: Partial<StageProject> = {}) =>
    new Map((await plan(settings)).map((task) => [task.id, task] as const));
  const run = async (tasks: Awaited<ReturnType<typeof byId>>, id: string) => {
    const task = tasks.get(id);
    if (task === undefined) throw new Error(`no task ${id}`);
    return rig.perform(task);
  };
  const tasks = await byId();
  for (const id of ['build/compile', 'build/optimise']) expect(await run(tasks, id)).toMatchObject({ kind: 'passed' });
  const outcome = await run(tasks, 'build/component');
  if (outcome.kind !== 'passed') throw new Error(outcome.summary);
  const { size, sizes, report } = outcome.value as { size: number; sizes: Record<string, number>; report: object };
  expect(readFileSync(join(outcome.output, 'app.wasm')).length).toBe(size);
  expect(sizes['optimised']).toBeLessThan(sizes['compiled'] ?? 0);
  expect(report).toMatchObject({ kind: 'module', exports: expect.arrayContaining(['_start', 'memory']) });
  expect(outcome.log).toContain('wasi_snapshot_preview1/fd_write');

  const small = await byId({ build: { ...project.build, maxSize: 1000 } });
  const tooLarge = await run(small, 'build/component');
  expect(tooLarge).toMatchObject({ kind: 'failed', summary: expect.stringMatching(/may have 1.*kB/) });
  expect(tooLarge.kind === 'failed' && tooLarge.details[0]).toMatch(/ code$/);
});

test('a module that is no command is not shipped', async () => {
  const library = edit('Cargo.toml', (text) => `${text}\n[lib]\ncrate-type = ["cdylib"]\n\n[profile.release]\n`);
  const main = readFileSync(join(folder, 'src/main.rs'));
  rmSync(join(folder, 'src/main.rs'));
  const rig = createTaskRig(folder, join(root, 'output'), environment);
  const outcomes = [];
  for (const task of await plan()) if (task.stage === 'build') outcomes.push(await rig.perform(task));
  writeFileSync(join(folder, 'src/main.rs'), main);
  library();
  expect(outcomes.map(({ kind }) => kind)).toEqual(['passed', 'passed', 'failed']);
  expect(outcomes[2]).toMatchObject({ summary: expect.stringContaining('it is no command') as string });
});

test('each setting, variable and file is in the fingerprint of the tasks that it can change, and of no other', async () => {
  const prints = async (settings: Partial<StageProject> = {}, outer: Record<string, string> = {}) =>
    new Map((await plan(settings, outer)).map(({ id, fingerprint }) => [id, JSON.stringify(fingerprint)]));
  const before = await prints();
  const changed = (after: Map<string, string>) =>
    [...after].filter(([id, text]) => before.get(id) !== text).map(([id]) => id);

  expect(changed(await prints())).toEqual([]);
  expect(changed(await prints({ build: { ...project.build, optimise: 'O2' } }))).toEqual(['build/optimise']);
  expect(changed(await prints({ build: { ...project.build, maxSize: 1 } }))).toEqual(['build/component']);
  expect(
    changed(await prints({}, { TERM: 'dumb', TZ: 'Asia/Tokyo', PATH: `/nowhere:${process.env['PATH'] ?? ''}` })),
  ).toEqual([]);
  writeFileSync(join(folder, 'new.txt'), '');
  expect(changed(await prints())).toEqual([
    'check/format',
    'check/lint',
    'build/compile',
    'test/unit',
    'test/integration',
  ]);
  rmSync(join(folder, 'new.txt'));
});
