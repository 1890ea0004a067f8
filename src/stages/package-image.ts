/** The task `package/image`: layers and module become an image in an OCI layout. */

import { promises, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { shortDigest, type Digest } from '../kernel/digest.ts';
import { formatSize } from '../kernel/quantity.ts';
import {
  assembleImage,
  createBlob,
  createLayer,
  creationTime,
  IMAGE_PORT,
  openLayout,
  platformName,
  RUNTIME_NODE,
  RUNTIME_USER,
  WASM_LAYER,
  type ChildRecipe,
  type ImagePlatform,
  type LayerReference,
} from '../oci/index.ts';
import type { TaskContext, TaskOutcome } from '../pipeline/index.ts';
import { inspectWasm } from '../wasm/index.ts';
import { borrowLayers, type KeptLayer } from './package-layers.ts';

/** The task whose output holds `app.wasm`. */
export const COMPONENT = 'build/component';

/** The value of `package/image`. */
export type PackagedImage = {
  readonly index: Digest;
  readonly artifact: Digest;
  readonly platforms: Readonly<Record<string, Digest>>;
  /** Bytes: `module` of the raw module, and by platform what a pull transfers. */
  readonly sizes: Readonly<Record<string, number>>;
};

export interface ImageOptions {
  readonly service: string;
  readonly platforms: readonly ImagePlatform[];
}

/** @throws Fault `oci/epoch` when SOURCE_DATE_EPOCH is no time. */
export async function buildImage(context: TaskContext, options: ImageOptions): Promise<TaskOutcome> {
  const { service, platforms } = options;
  const created = creationTime(context.environment);
  const layout = openLayout({ folder: context.output, create: true });
  const bytes = await readModule(context);
  const module = createBlob(WASM_LAYER, bytes);
  const app = await createLayer('service', [{ kind: 'file', path: 'app.wasm', content: bytes, executable: true }]);
  const parts = await borrowParts(context, platforms);
  const children = platforms.map((platform) => childOf(platform, app, parts));
  const { kind, imports, exports, world } = inspectWasm(bytes);
  const component = kind === 'component' ? { imports, exports, target: world } : null;
  const image = assembleImage({ service, created, children, artifact: { module: module.descriptor, component } });
  for (const part of [module, app, ...parts.values().toArray().flat(), ...image.documents]) layout.put(part.bytes);
  await layout.tag('image', image.index);
  await layout.tag('image-wasm', image.artifact);
  // What locked the tags is an empty file that nobody needs any more.
  rmSync(join(context.output, '.lock'), { force: true });
  const value: PackagedImage = {
    index: image.index.digest,
    artifact: image.artifact.digest,
    platforms: Object.fromEntries(
      image.children.flatMap(({ platform, digest }) => (platform ? [[platformName(platform), digest]] : [])),
    ),
    sizes: { module: bytes.length, ...Object.fromEntries(children.map(sizeOf)) },
  };
  return { kind: 'passed', value, summary: summaryOf(value) };
}

export function readModule(context: Pick<TaskContext, 'need'>): Promise<Uint8Array> {
  return promises.readFile(join(context.need(COMPONENT).output, 'app.wasm'));
}

/** Layers of other tasks, by the task. */
type Parts = ReadonlyMap<string, readonly KeptLayer[]>;

const HOST = 'package/host';

async function borrowParts(context: TaskContext, platforms: readonly ImagePlatform[]): Promise<Parts> {
  const linux = platforms.filter((platform) => platform !== 'wasi/wasm');
  const tasks = linux.length === 0 ? [] : [HOST, ...linux.map(runtimeOf)];
  return new Map(await Promise.all(tasks.map(async (task) => [task, await borrowLayers(context, task)] as const)));
}

function runtimeOf(platform: Exclude<ImagePlatform, 'wasi/wasm'>): string {
  return `package/runtime-${platform.slice('linux/'.length)}`;
}

function childOf(platform: ImagePlatform, app: LayerReference, parts: Parts): ChildRecipe {
  if (platform === 'wasi/wasm') {
    return {
      platform: { os: 'wasi', architecture: 'wasm' },
      layers: [app],
      entrypoint: ['/app.wasm'],
      // crun runs it by this, Harbor labels it by this.
      annotations: { 'module.wasm.image/variant': 'compat-smart' },
    };
  }
  const [host = [], runtime = []] = [parts.get(HOST), parts.get(runtimeOf(platform))];
  return {
    platform: { os: 'linux', architecture: platform === 'linux/amd64' ? 'amd64' : 'arm64' },
    // What changes least lies lowest: the runtime, the replica host, and only then what comes of the service.
    layers: [...runtime, ...host.slice(0, 1), app, ...host.slice(1)],
    entrypoint: [RUNTIME_NODE, '/slipway/replica.js'],
    environment: { PATH: posix.dirname(RUNTIME_NODE), SLIPWAY_REPLICA: '/slipway/replica.json' },
    port: IMAGE_PORT,
    user: RUNTIME_USER,
  };
}

function sizeOf({ platform, layers }: ChildRecipe): readonly [string, number] {
  return [platformName(platform), layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0)];
}

function summaryOf({ index, sizes }: PackagedImage): string {
  const parts = Object.entries(sizes).map(([name, size]) => `${name} ${formatSize(size)}`);
  return `${shortDigest(index)}: ${parts.join(', ')}`;
}
