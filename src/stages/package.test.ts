import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { componentTask } from '../../test/rigs/component-task.ts';
import { createTaskRig } from '../../test/rigs/task-rig.ts';
import { digestOfJson, sha256 } from '../kernel/digest.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { describeImage, openLayout, selectModule, type ImagePlatform } from '../oci/index.ts';
import { packageTasks } from './package.ts';

/** The smallest component: nothing in it. */
const COMPONENT = Buffer.from('0061736d0d000100', 'hex');

let folder: string;
let bundle: string;
beforeEach(() => {
  folder = temporaryFolder();
  bundle = join(folder, 'replica.js');
  writeFileSync(bundle, '// the host');
});
afterEach(() => rmSync(folder, { recursive: true }));

const tasksFor = (platforms: readonly ImagePlatform[], replicaBundle = bundle) =>
  packageTasks({ service: 'greeter', platforms, replicaBundle, environment: {} });
const fingerprints = (platforms: readonly ImagePlatform[]) =>
  Object.fromEntries(
    tasksFor(platforms).map(({ id, fingerprint: { tools, settings } }) => {
      return [id, digestOfJson({ settings, tools: tools.map(({ name, identity }) => ({ name, identity })) })];
    }),
  );

async function pack(environment: Readonly<Record<string, string>> = {}, component = COMPONENT, name = 'run') {
  const rig = createTaskRig(folder, join(folder, name), environment);
  await rig.perform(componentTask(component));
  const [task] = tasksFor(['wasi/wasm']);
  if (task === undefined) throw new Error('no task');
  return rig.perform(task);
}

describe('the tasks of the stage package', () => {
  test('are those that the platforms need', () => {
    const ids = (platforms: readonly ImagePlatform[]) => tasksFor(platforms).map(({ id }) => id);
    expect(ids(['wasi/wasm'])).toEqual(['package/image']);
    expect(ids(['linux/arm64'])).toEqual(['package/runtime-arm64', 'package/host', 'package/image']);
    const all = tasksFor(['linux/amd64', 'linux/arm64', 'wasi/wasm']);
    expect(all.at(-1)?.needs).toEqual(['build/component', ...all.slice(0, -1).map(({ id }) => id)]);
  });

  test('say what is missing when there is no replica host, but only where one is needed', () => {
    const nowhere = join(folder, 'nowhere.js');
    expect(() => tasksFor(['linux/amd64'], nowhere)).toThrow(
      expect.objectContaining({ code: 'package/no-replica-host', kind: 'usage' }) as Error,
    );
    expect(tasksFor(['wasi/wasm'], nowhere)).toHaveLength(1);
  });

  test('have another fingerprint exactly where something else goes in', () => {
    const before = fingerprints(['linux/amd64', 'wasi/wasm']);
    writeFileSync(bundle, '// another host');
    const after = fingerprints(['linux/amd64', 'wasi/wasm']);
    expect(after['package/host']).not.toBe(before['package/host']);
    expect(after['package/runtime-amd64']).toBe(before['package/runtime-amd64']);
    expect(after['package/image']).toBe(before['package/image']);
    expect(fingerprints(['wasi/wasm'])['package/image']).not.toBe(before['package/image']);
  });
});

test('a core module goes into the Linux children as it is, for the host to run', async () => {
  const module = Buffer.from('0061736d01000000', 'hex');
  const rig = createTaskRig(folder, join(folder, 'core'), {});
  await rig.perform(componentTask(module));
  const host = tasksFor(['linux/amd64']).find(({ id }) => id === 'package/host');
  if (host === undefined) throw new Error('no task');
  const outcome = await rig.perform(host);
  if (outcome.kind !== 'passed') throw new Error(outcome.summary);
  const files = new Map<string, Buffer>();
  for (const name of readdirSync(outcome.output)) {
    const entries = await unpackTar(gunzipSync(readFileSync(join(outcome.output, name))), { strict: true });
    for (const { header, data } of entries) if (data) files.set(header.name, Buffer.from(data));
  }
  expect([...files.keys()].filter((path) => path.startsWith('slipway/app/'))).toEqual(['slipway/app/command.wasm']);
  expect(files.get('slipway/app/command.wasm')).toEqual(module);
});

describe('package/image', () => {
  test('leaves a layout with the image and nothing else, and says its digest and sizes', async () => {
    const { kind, output, ...outcome } = await pack();
    expect(kind).toBe('passed');
    const layout = openLayout({ folder: output });
    const image = await describeImage(layout, 'image');
    expect(image.children.map(({ platform }) => platform)).toEqual(['wasi/wasm', 'wasip2/wasm']);
    expect(outcome).toMatchObject({
      value: {
        index: image.digest,
        artifact: image.children[1]?.digest,
        platforms: { 'wasi/wasm': image.children[0]?.digest },
        sizes: { module: COMPONENT.length, 'wasi/wasm': image.children[0]?.size },
      },
    });
    expect((await selectModule(layout, 'image-wasm')).digest).toBe(sha256(COMPONENT));
    expect(outcome.summary).toContain(image.digest.slice(7, 19));
  });

  test('makes the same image again, and another of another module or another time', async () => {
    const digestOf = async (...args: Parameters<typeof pack>) => {
      const outcome = await pack(...args);
      return outcome.kind === 'passed' ? digestOfJson(outcome.value) : outcome.summary;
    };
    const first = await digestOf();
    expect(await digestOf({}, COMPONENT, 'again')).toBe(first);
    expect(await digestOf({ SOURCE_DATE_EPOCH: '0' }, COMPONENT, 'epoch')).toBe(first);
    expect(await digestOf({ SOURCE_DATE_EPOCH: '1' }, COMPONENT, 'later')).not.toBe(first);
    const withSection = Buffer.concat([COMPONENT, Buffer.from('00020161', 'hex')]);
    expect(await digestOf({}, withSection, 'other')).not.toBe(first);
  });

  test('refuses a time that is none', async () => {
    await expect(pack({ SOURCE_DATE_EPOCH: 'yesterday' })).rejects.toMatchObject({ code: 'oci/epoch' });
  });
});
