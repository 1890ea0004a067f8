/** Makes replicas: puts together what a replica process is told, and starts or adopts it. */

import type { Clock } from '../../kernel/clock.ts';
import { randomIdentifier } from '../../kernel/random.ts';
import type { FoundReplica } from './adoption.ts';
import type { HomePaths } from './home-paths.ts';
import type { ReplicaConfig } from './replica/config.ts';
import type { ReplicaOrder } from './supervisor/environment-supervisor.ts';
import type { ModuleShelf } from './supervisor/module-shelf.ts';
import { adoptReplica, type ReplicaOptions, type ReplicaProcess, startReplica } from './supervisor/replica-process.ts';

/** Replicas give way to the router and to whoever works on the machine. */
const NICENESS = 10;

export interface ReplicaFactory {
  /** `null` while the module is being prepared. */
  start(order: ReplicaOrder): ReplicaProcess | null;
  adopt(key: string, found: FoundReplica, serving: boolean): ReplicaProcess;
}

export interface ReplicaFactoryOptions {
  readonly paths: HomePaths;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
  readonly program: readonly string[];
  readonly shelf: ModuleShelf;
  readonly onChange: () => void;
  /** Ends the looking after them, not the replicas. */
  readonly signal: AbortSignal;
}

export function createReplicaFactory(options: ReplicaFactoryOptions): ReplicaFactory {
  const { paths, clock, env, program, shelf, onChange, signal } = options;
  const about = (key: string, id: string): Omit<ReplicaOptions, 'release' | 'attempt'> => ({
    id,
    clock,
    onChange,
    signal,
    paths: paths.replica(key, id),
  });
  return {
    start({ environment: { key, limits }, number, release, attempt }) {
      const transpiled = shelf.take(release.image);
      if (transpiled === null) return null;
      const id = `${number}-${randomIdentifier(8)}`;
      const options = about(key, id);
      const [service = '', environment = ''] = key.split('/');
      const config: ReplicaConfig = {
        listen: { socket: options.paths.socket },
        transpiled,
        environment: release.config,
        memory: limits.memory,
        requestDeadline: limits.request,
        niceness: NICENESS,
        identity: { service, environment, release: number, replica: id },
      };
      return startReplica({ ...options, release: number, attempt, program, env, config: JSON.stringify(config) });
    },
    adopt: (key, { id, release, identity }, serving) =>
      adoptReplica({ ...about(key, id), release, attempt: 0 }, identity, serving),
  };
}
