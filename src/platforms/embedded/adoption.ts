/** Replicas that an earlier agent has started: taken over when they are still wanted, ended when they are not. */

import type { Clock } from '../../kernel/clock.ts';
import { isAlive, type ProcessIdentity, signalProcess } from '../../kernel/subprocess.ts';
import { type HomePaths, replicaOfConfig } from './home-paths.ts';
import { findProcesses } from './supervisor/processes.ts';
import { REPLICA_CONFIG_VARIABLE } from './replica/config.ts';

export interface FoundReplica {
  readonly id: string;
  readonly release: number;
  /** `service.environment`. */
  readonly folder: string;
  readonly identity: ProcessIdentity;
}

/** Every replica of the home that lives, however it was lost sight of. */
export function findReplicas(paths: HomePaths): readonly FoundReplica[] {
  const found = new Map<string, FoundReplica>();
  for (const { identity, value } of findProcesses(REPLICA_CONFIG_VARIABLE, paths.replicas)) {
    // A process that a replica has started inherits its environment; the oldest is the replica itself.
    if (!found.has(value)) found.set(value, { ...replicaOfConfig(value), identity });
  }
  return [...found.values()];
}

export interface Ending {
  readonly clock: Clock;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number;
}

/** Ends processes: SIGTERM, then SIGKILL to the whole group of each that is still there. */
export async function endProcesses(processes: readonly ProcessIdentity[], { clock, grace }: Ending): Promise<void> {
  for (const identity of processes) signalProcess(identity, 'SIGTERM');
  const deadline = clock.monotonic() + grace;
  while (processes.some((identity) => isAlive(identity)) && clock.monotonic() < deadline) await clock.sleep(10);
  for (const identity of processes) signalProcess(identity, 'SIGKILL', true);
}
