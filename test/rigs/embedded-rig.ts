/** The embedded platform in a home of its own, with stub replicas unless told otherwise. */

import { readFileSync, rmSync } from 'node:fs';
import { request as startRequest } from 'node:http';
import { join } from 'node:path';
import type {
  CanaryPlan,
  Effect,
  EnvironmentContext,
  EnvironmentSpec,
  Observation,
  Release,
  RouteEffect,
} from '../../src/delivery/index.ts';
import { releaseDigest } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { type Digest, sha256 } from '../../src/kernel/digest.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import {
  createEmbeddedPlatform,
  type EmbeddedPlatform,
  type EmbeddedPlatformOptions,
} from '../../src/platforms/embedded/embedded-platform.ts';
import { openLayout } from '../../src/oci/index.ts';
import { putSampleImage } from '../../src/oci/sample-image.ts';
import { expectNoLeftovers } from '../leftovers.ts';
import { PLAN, SPEC } from './engine-rig.ts';

const ROOT = join(import.meta.dirname, '../..');

export const KEY = 'greeter/local';
export const HOST = 'greeter.local.localhost';

export interface EmbeddedRig {
  readonly home: string;
  /** A platform on the home, not started; several may be made, one after another. */
  platform(changes?: Partial<EmbeddedPlatformOptions>): EmbeddedPlatform;
  /** The same with the real replica host, which runs what is in the home's images. */
  realPlatform(environment?: Readonly<Record<string, string>>): EmbeddedPlatform;
  /** Puts an image with this module into the home's images; its digest. */
  putImage(module: string): Promise<Digest>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Everything is ended and looked for when the rig is disposed of; what a platform has left running there is an error. */
export function createEmbeddedRig(): EmbeddedRig {
  const home = temporaryFolder('slipway-embedded-');
  const made: EmbeddedPlatform[] = [];
  return {
    home,
    platform(changes) {
      const platform = platformOn(home, changes);
      made.push(platform);
      return platform;
    },
    async putImage(module) {
      const layout = openLayout({ folder: join(home, 'images'), create: true });
      return (await putSampleImage(layout, 'greeter', readFileSync(module))).index.digest;
    },
    realPlatform(environment = {}) {
      const options = optionsOn(home, 'src/platforms/embedded/replica/main.ts');
      const platform = createEmbeddedPlatform({ ...options, environment: { ...options.environment, ...environment } });
      made.push(platform);
      return platform;
    },
    async [Symbol.asyncDispose]() {
      await made.at(-1)?.stop({ everything: true });
      try {
        await expectNoLeftovers(home);
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    },
  };
}

/** A platform with stub replicas that listens on any free port. */
export function platformOn(home: string, changes: Partial<EmbeddedPlatformOptions> = {}): EmbeddedPlatform {
  const options = optionsOn(home, 'test/fixtures/replicas/stub-replica.mjs');
  return createEmbeddedPlatform({ ...options, prepare: (image) => Promise.resolve(image), ...changes });
}

function optionsOn(home: string, replica: string): EmbeddedPlatformOptions {
  return {
    home,
    clock: systemClock,
    programs: {
      router: [process.execPath, join(ROOT, 'src/platforms/embedded/router/main.ts')],
      replica: [process.execPath, join(ROOT, replica)],
    },
    cache: join(home, 'cache'),
    environment: { SLIPWAY_PORT: '0' },
  };
}

export interface Wanted {
  readonly plan?: CanaryPlan;
  readonly limits?: EnvironmentSpec['limits'];
  /** Release number → the configuration of its replicas, which says how the stub behaves. */
  readonly releases: Readonly<Record<number, Readonly<Record<string, string>>>>;
  readonly key?: string;
  readonly engine?: EnvironmentSpec['engine'];
  /** Of all releases; without it each has one of its own that is nowhere. */
  readonly image?: Digest;
  /** Name → version id, of all releases. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export function contextOf(wanted: Wanted): EnvironmentContext {
  const { plan = PLAN, limits, releases, key = KEY, engine = 'node', secrets = {} } = wanted;
  const [service = '', environment = ''] = key.split('/');
  const bounds = limits ?? { memory: 64 * 1024 * 1024, request: 5000 };
  const spec: EnvironmentSpec = { ...SPEC, replicas: 1, strategy: plan, keep: 1, limits: bounds, engine };
  const entries = Object.entries(releases).map(([name, config]): [string, Release] => {
    const image = wanted.image ?? sha256(`image ${name}`);
    const content = { service, environment, image, config, secrets, grants: [] };
    return [name, { number: Number(name), digest: releaseDigest(content), content, revision: null }];
  });
  return { key, spec, releases: Object.fromEntries(entries) };
}

export function scale(release: number, replicas: number): Effect {
  return { kind: 'scale', release, replicas };
}

export function route(shares: Readonly<Record<number, number>>, changes: Partial<RouteEffect> = {}): RouteEffect {
  return { kind: 'route', shares, rollout: null, affinity: { kind: 'none' }, match: null, mirror: null, ...changes };
}

/** Observes until `wanted` holds, for at most `patience` milliseconds. */
export async function observeUntil(
  platform: EmbeddedPlatform,
  context: EnvironmentContext,
  wanted: (observation: Observation) => boolean,
  patience = 15_000,
): Promise<Observation> {
  const deadline = performance.now() + patience;
  for (;;) {
    const observation = await platform.observe(context);
    if (wanted(observation)) return observation;
    if (performance.now() > deadline) throw new Error(`never seen; the last was ${JSON.stringify(observation)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function readyCount(observation: Observation, release: number): number {
  return observation.releases[release]?.ready ?? 0;
}

export interface RouterAnswer {
  readonly status: number;
  readonly release: number;
  readonly body: string;
}

export interface Question {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request to the environment of the rig, through the router. */
export function ask(platform: EmbeddedPlatform, question: string | Question): Promise<RouterAnswer> {
  const address = new URL(platform.router().url);
  address.hostname = HOST;
  return askAt(address, question);
}

/** One request to an address of the router's, by whatever name. */
export function askAt({ hostname, port }: URL, question: string | Question): Promise<RouterAnswer> {
  const { path, method = 'GET', headers = {}, body } = typeof question === 'string' ? { path: question } : question;
  return new Promise((resolve, reject) => {
    const options = { agent: false as const, method, headers: { host: hostname, ...headers } };
    const request = startRequest(`http://127.0.0.1:${port}${path}`, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, release: Number(answer.headers['x-slipway-release']), body: text }),
      );
    });
    request.on('error', reject).end(body);
  });
}
