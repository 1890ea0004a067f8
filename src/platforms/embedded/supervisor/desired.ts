/** What should run, written down: it survives the agent, so a restarted one goes on without being told again. */

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LATENCY_EDGES, type Limits, type RouteEffect } from '../../../delivery/index.ts';
import type { Digest } from '../../../kernel/digest.ts';
import type { Engine } from '../module-of-image.ts';
import { writeFileAtomic } from '../../../kernel/workspace.ts';

export interface DesiredEnvironment {
  /** `service/environment`. */
  readonly key: string;
  readonly limits: Limits;
  readonly shares: RouteEffect['shares'];
  readonly rollout: RouteEffect['rollout'];
  readonly affinity: RouteEffect['affinity'];
  readonly match: RouteEffect['match'];
  readonly mirror: RouteEffect['mirror'];
  /** Upper edges of the latency buckets, in milliseconds, rising. */
  readonly latencyEdges: readonly number[];
  /** Keyed by release number. */
  readonly releases: Readonly<Record<number, DesiredRelease>>;
}

export interface DesiredRelease {
  readonly replicas: number;
  /** The OCI index in the home's images. */
  readonly image: Digest;
  readonly config: Readonly<Record<string, string>>;
  /** Name → version id. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What runs its replicas that are started from now on. */
  readonly engine: Engine;
  /** Restarts of its replicas so far. */
  readonly restarts: number;
}

/** An environment that nothing was asked of yet. */
export function nothingDesired(key: string, limits: Limits): DesiredEnvironment {
  return {
    key,
    limits,
    shares: {},
    rollout: null,
    affinity: { kind: 'none' },
    match: null,
    mirror: null,
    latencyEdges: LATENCY_EDGES,
    releases: {},
  };
}

export interface DesiredStore {
  all(): readonly DesiredEnvironment[];
  /** Durable when it returns. An environment without releases and shares is forgotten. */
  save(environment: DesiredEnvironment): void;
}

export function openDesiredStore(folder: string): DesiredStore {
  const pathOf = (key: string): string => join(folder, `${key.replaceAll('/', '.')}.json`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    all: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map((name) => completed(JSON.parse(readFileSync(join(folder, name), 'utf8')) as DesiredEnvironment)),
    save(environment) {
      const empty = Object.keys(environment.releases).length === 0 && Object.keys(environment.shares).length === 0;
      if (empty) rmSync(pathOf(environment.key), { force: true });
      else writeFileAtomic(pathOf(environment.key), JSON.stringify(environment), 0o600);
    },
  };
}

/** What an earlier version of ours wrote lacks what it did not know. */
function completed(written: DesiredEnvironment): DesiredEnvironment {
  const releases = Object.entries(written.releases).map(([number, release]): [string, DesiredRelease] => [
    number,
    { ...RELEASE_DEFAULTS, ...release },
  ]);
  return { ...nothingDesired(written.key, written.limits), ...written, releases: Object.fromEntries(releases) };
}

const RELEASE_DEFAULTS = { secrets: {}, engine: 'node' } as const;
