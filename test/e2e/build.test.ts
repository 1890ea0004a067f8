/** Real builds of the example service, crates and all. Slow: minutes with cold caches. */

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sha256 } from '../../src/kernel/digest.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { createTasks, type StageProject } from '../../src/stages/index.ts';
import { createTaskRig } from '../rigs/task-rig.ts';

const root = temporaryFolder();
afterAll(() => rmSync(root, { recursive: true, force: true }));

const project: StageProject = {
  service: 'herald',
  build: { toolchain: 'rust', target: 'wasm32-wasip2', optimise: 'Oz', maxSize: null },
  checks: { format: false, lint: false },
  tests: { unit: false, integration: false },
  image: { platforms: ['wasi/wasm'] },
};

interface Site {
  readonly name: string;
  readonly umask: number;
  readonly environment: Readonly<Record<string, string>>;
}

interface Built {
  readonly bytes: Uint8Array;
  readonly summary: string;
  readonly value: unknown;
}

/** Builds a copy of a project as on a machine of its own: every folder new, nothing downloaded yet. */
async function build(site: Site, source: string, settings: StageProject): Promise<Built> {
  const base = join(root, site.name);
  const folder = join(base, `source-of-${site.name}`);
  const home = join(base, 'home');
  const umask = process.umask(site.umask);
  try {
    mkdirSync(home, { recursive: true });
    cpSync(source, folder, { recursive: true, filter: (path) => !path.endsWith('/target') });
    const environment = {
      ...process.env,
      RUSTUP_HOME: process.env['RUSTUP_HOME'] ?? join(process.env['HOME'] ?? '/', '.rustup'),
      HOME: home,
      CARGO_HOME: join(home, 'cargo'),
      ...site.environment,
    };
    const cache = join(base, 'cache');
    const tasks = await createTasks({ project: settings, folder, environment, cache, replicaBundle: '/none' });
    const rig = createTaskRig(folder, join(base, 'output'), environment);
    let last: Awaited<ReturnType<typeof rig.perform>> | undefined;
    for (const task of tasks.filter(({ stage }) => stage === 'build')) {
      last = await rig.perform(task);
      if (last.kind === 'failed') throw new Error([last.summary, ...last.details, last.hint].join('\n'));
    }
    if (last?.kind !== 'passed') throw new Error('nothing was built');
    expect(existsSync(join(folder, 'target'))).toBe(false);
    return { bytes: readFileSync(join(last.output, 'app.wasm')), summary: last.summary, value: last.value };
  } finally {
    process.umask(umask);
  }
}

test('two builds that share no folder, umask, time zone or locale give one module, without a path of either in it', async () => {
  const herald = join(import.meta.dirname, '../../examples/herald');
  const one = await build({ name: 'one', umask: 0o022, environment: { TZ: 'UTC', LANG: 'C' } }, herald, project);
  const two = await build(
    { name: 'another', umask: 0o077, environment: { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' } },
    herald,
    project,
  );
  expect(sha256(two.bytes)).toBe(sha256(one.bytes));
  expect(two.value).toEqual(one.value);
  expect(one.value).toMatchObject({ report: { kind: 'component', world: 'wasi:http/proxy' } });
  expect(Buffer.from(one.bytes).includes(root)).toBe(false);
  expect(Buffer.from(one.bytes).includes(join('/registry/src/'))).toBe(true);
  expect(Buffer.from(one.bytes).includes('/home/cargo')).toBe(false);
});

test('a component that answers no requests is not shipped', async () => {
  const tally = join(import.meta.dirname, '../fixtures/tally');
  const building = build({ name: 'mute', umask: 0o022, environment: {} }, tally, { ...project, service: 'tally' });
  await expect(building).rejects.toThrow(/does not export wasi:http\/incoming-handler/);
});
