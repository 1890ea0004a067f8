/**
 * The stage `package`: from the module that was built to an image. What never changes between releases (the runtimes of
 * the Linux children) is a task of its own each, so that a new release costs only its own layers.
 */

import { readFileSync } from 'node:fs';
import { canonicalJson, sha256 } from '../kernel/digest.ts';
import { Fault, systemCodeOf } from '../kernel/fault.ts';
import { formatSize } from '../kernel/quantity.ts';
import {
  buildRuntime,
  createLayer,
  IMAGE_LATENCY_EDGES,
  IMAGE_PORT,
  KEPT_COUNTERS_FOLDER,
  METRICS_PORT,
  RUNTIME_ARCHITECTURES,
  RUNTIME_LOCK,
  type ImagePlatform,
  type RuntimeArchitecture,
} from '../oci/index.ts';
import type { TaskDefinition, TaskOutcome } from '../pipeline/index.ts';
import { hostedFiles, transpilerIdentity } from '../wasm/index.ts';
import { buildImage, COMPONENT, readModule } from './package-image.ts';
import { keepLayers, packageFingerprint } from './package-layers.ts';

export interface PackageOptions {
  readonly service: string;
  readonly platforms: readonly ImagePlatform[];
  /** The bundled replica host, one file: it runs the service in the Linux children. */
  readonly replicaBundle: string;
  /** Of our own process: where downloads find proxies, certificates and registries. It changes no result: all is pinned. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export type PackageFaultCode = 'package/no-replica-host';

/**
 * `package/runtime-amd64`, `package/runtime-arm64`, `package/host` (each only where the platforms need it) and
 * `package/image`, which needs `build/component`: an output with `app.wasm`. The value of `package/image` is a
 * `PackagedImage`, its output an OCI layout in which the image is tagged `image` and the artifact `image-wasm`.
 *
 * @throws Fault `package/no-replica-host` when a Linux child is wanted and the bundle is not there.
 */
export function packageTasks(options: PackageOptions): readonly TaskDefinition[] {
  const architectures = RUNTIME_ARCHITECTURES.filter((name) => options.platforms.includes(`linux/${name}`));
  const runtimes = architectures.map((architecture) => runtimeTask(architecture, options));
  const host = architectures.length > 0 ? [hostTask(options)] : [];
  return [
    ...runtimes,
    ...host,
    imageTask(
      options,
      [...runtimes, ...host].map(({ id }) => id),
    ),
  ];
}

function runtimeTask(architecture: RuntimeArchitecture, { environment }: PackageOptions): TaskDefinition {
  const { node, debian } = RUNTIME_LOCK[architecture];
  return {
    id: `package/runtime-${architecture}`,
    stage: 'package',
    title: `Node ${node.version} and its libraries for linux/${architecture}`,
    needs: [],
    timeout: 15 * 60_000,
    fingerprint: packageFingerprint({ node: { ...node }, debian: debian.map((pin) => ({ ...pin })) }),
    async run(context): Promise<TaskOutcome> {
      const progress = (text: string) => context.progress(text);
      const { layer, unpinned } = await buildRuntime({ architecture, environment, progress, signal: context.signal });
      const note = unpinned.length === 0 ? '' : `, NOT as pinned: ${unpinned.join(', ')}; other machines may differ`;
      return {
        kind: 'passed',
        value: { layers: keepLayers(context.output, [layer]), unpinned },
        summary: `${formatSize(layer.descriptor.size)}${note}`,
      };
    },
  };
}

/** What `replica.js` reads in an image. The service's environment is the container's: whoever runs it sets that. */
const HOST_CONFIGURATION = {
  listen: { host: '0.0.0.0', port: IMAGE_PORT },
  metrics: {
    host: '0.0.0.0',
    port: METRICS_PORT,
    keep: `${KEPT_COUNTERS_FOLDER}/slipway-counters.json`,
    edges: [...IMAGE_LATENCY_EDGES],
  },
  transpiled: '/slipway/app',
};

/** The replica host, which stays the same from release to release, and the service made ready for it, which does not. */
function hostTask({ replicaBundle }: PackageOptions): TaskDefinition {
  const bundle = readBundle(replicaBundle);
  const configuration = canonicalJson(HOST_CONFIGURATION);
  const fingerprint = packageFingerprint({ host: sha256(bundle), configuration });
  return {
    id: 'package/host',
    stage: 'package',
    title: 'the service made ready for Node',
    needs: [COMPONENT],
    timeout: 5 * 60_000,
    fingerprint: {
      ...fingerprint,
      tools: [...fingerprint.tools, { name: 'transpiler', identity: transpilerIdentity() }],
    },
    async run(context): Promise<TaskOutcome> {
      const files = await hostedFiles(await readModule(context));
      const host = await createLayer('replica host', [
        { kind: 'file', path: 'slipway/replica.js', content: bundle },
        { kind: 'file', path: 'slipway/replica.json', content: Buffer.from(configuration) },
        // Both the host and the service are ES modules; without it Node would have to find out by parsing.
        { kind: 'file', path: 'slipway/package.json', content: Buffer.from('{"type":"module"}') },
      ]);
      const service = await createLayer(
        'service for Node',
        [...files].map(([name, content]) => ({ kind: 'file', path: `slipway/app/${name}`, content })),
      );
      const size = host.descriptor.size + service.descriptor.size;
      return {
        kind: 'passed',
        value: { layers: keepLayers(context.output, [host, service]) },
        summary: `${files.size} files, ${formatSize(size)}`,
      };
    },
  };
}

function imageTask({ service, platforms }: PackageOptions, parts: readonly string[]): TaskDefinition {
  return {
    id: 'package/image',
    stage: 'package',
    title: `image for ${platforms.join(', ')}`,
    needs: [COMPONENT, ...parts],
    timeout: 5 * 60_000,
    fingerprint: {
      ...packageFingerprint({ service, platforms: [...platforms], port: IMAGE_PORT }),
      environment: ['SOURCE_DATE_EPOCH'],
    },
    run: (context) => buildImage(context, { service, platforms }),
  };
}

function readBundle(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    throw new Fault<PackageFaultCode>({
      code: 'package/no-replica-host',
      kind: 'usage',
      message: `The host that runs the service in the Linux children is missing: ${path}.`,
      hint: 'Build it with `npm run build` in the checkout of Slipway.',
      cause: error,
    });
  }
}
