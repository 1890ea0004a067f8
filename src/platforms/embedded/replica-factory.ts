/** Makes replicas: puts together what a replica process is told, and starts or adopts it. */

import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { randomIdentifier } from '../../kernel/random.ts';
import { createRedactor } from '../../kernel/secret.ts';
import type { FoundReplica } from './adoption.ts';
import type { HomePaths, ReplicaPaths } from './home-paths.ts';
import type { Prepared } from './module-of-image.ts';
import type { ReplicaConfig } from './replica/config.ts';
import type { SecretStore } from './secret-store.ts';
import type { ReplicaOrder } from './supervisor/environment-supervisor.ts';
import type { ModuleShelf } from './supervisor/module-shelf.ts';
import { ANNOUNCING, announcedDoor, doorOf, socketDoor } from './supervisor/replica-door.ts';
import {
  adoptReplica,
  type ReplicaOptions,
  type ReplicaProcess,
  type ReplicaStart,
  startReplica,
} from './supervisor/replica-process.ts';
import { wasmtimeCommand } from './wasmtime-command.ts';

/** Replicas give way to the router and to whoever works on the machine. */
const NICENESS = 10;

export interface ReplicaFactory {
  /**
   * `null` while the module is being prepared.
   *
   * @throws Fault `embedded/secret-missing`, `embedded/not-for-wasmtime`; what made the preparation fail.
   */
  start(order: ReplicaOrder): ReplicaProcess | null;
  adopt(key: string, found: FoundReplica, serving: boolean): ReplicaProcess;
}

export interface ReplicaFactoryOptions {
  readonly paths: HomePaths;
  /** Folder of the cache, for what a replica's program keeps there. */
  readonly cache: string;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
  readonly program: readonly string[];
  readonly shelf: ModuleShelf;
  readonly secrets: SecretStore;
  readonly onChange: () => void;
  /** Ends the looking after them, not the replicas. */
  readonly signal: AbortSignal;
}

/** What of a start depends on the engine. */
type Launch = Pick<ReplicaStart, 'program' | 'env' | 'config' | 'door' | 'niceness'>;

export function createReplicaFactory(options: ReplicaFactoryOptions): ReplicaFactory {
  const { paths, cache, clock, env, program, shelf, secrets, onChange, signal } = options;
  const about = (key: string, id: string): Omit<ReplicaOptions, 'release' | 'attempt' | 'door'> => ({
    id,
    clock,
    onChange,
    signal,
    paths: paths.replica(key, id),
    redact: (text) => createRedactor(secrets.values())(text),
  });

  const launchNode = (order: ReplicaOrder, id: string, { socket }: ReplicaPaths, transpiled: string): Launch => {
    const { environment, number, release } = order;
    const { key, limits } = environment;
    const [service = '', name = ''] = key.split('/');
    secrets.read(release.secrets);
    const config: ReplicaConfig = {
      listen: { socket },
      transpiled,
      environment: release.config,
      secrets: mapValues(release.secrets, (version) => secrets.pathOf(version)),
      timestamps: true,
      memory: limits.memory,
      requestDeadline: limits.request,
      niceness: NICENESS,
      identity: { service, environment: name, release: number, replica: id },
      metrics: null,
    };
    return { program, env, config: JSON.stringify(config), door: socketDoor(paths.replica(key, id)), niceness: 0 };
  };
  const launchWasmtime = (
    { environment: { key, limits }, release }: ReplicaOrder,
    id: string,
    prepared: Extract<Prepared, { readonly engine: 'wasmtime' }>,
  ): Launch => {
    const { config, secrets: versions } = release;
    const command = wasmtimeCommand({ ...prepared, limits, config, secrets: secrets.read(versions) });
    // Where it keeps compiled code, in builds that do.
    const own = { XDG_CACHE_HOME: join(cache, 'wasmtime'), HOME: cache };
    return {
      program: command.program,
      env: { ...own, ...command.env },
      config: JSON.stringify(ANNOUNCING),
      door: announcedDoor(paths.replica(key, id)),
      niceness: NICENESS,
    };
  };

  return {
    start(order) {
      const { environment, number, release, attempt } = order;
      const prepared = shelf.take(release.image, release.engine);
      if (prepared === null) return null;
      const id = `${number}-${randomIdentifier(8)}`;
      const common = about(environment.key, id);
      const launch =
        prepared.engine === 'node'
          ? launchNode(order, id, common.paths, prepared.folder)
          : launchWasmtime(order, id, prepared);
      return startReplica({ ...common, ...launch, release: number, attempt });
    },
    adopt(key, { id, release, identity }, serving) {
      const common = about(key, id);
      return adoptReplica({ ...common, door: doorOf(common.paths), release, attempt: 0 }, identity, serving);
    },
  };
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
