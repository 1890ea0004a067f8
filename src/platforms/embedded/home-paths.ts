/** Where the embedded platform keeps its files in a home. */

import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { socketPath } from '../../kernel/workspace.ts';
import { logFolderOf } from './router/request-log.ts';

export interface HomePaths {
  readonly images: string;
  readonly logs: string;
  /** What should run: one file per environment. */
  readonly desired: string;
  readonly router: { readonly config: string; readonly control: string; readonly table: string; readonly log: string };
  /** Configurations of all replicas start with this. */
  readonly replicas: string;
  replica(key: string, id: string): ReplicaPaths;
  /** Folder of the request log and the output of the replicas of an environment. */
  output(key: string): string;
}

export interface ReplicaPaths {
  readonly config: string;
  readonly socket: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes the folders that are not there yet, readable for us alone. */
export function openHomePaths(home: string): HomePaths {
  const run = join(home, 'run');
  const logs = join(home, 'logs');
  const replicas = join(run, 'replicas');
  for (const folder of [replicas, logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const output = (key: string): string => {
    const folder = logFolderOf(logs, key);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  };
  return {
    images: join(home, 'images'),
    logs,
    desired: join(run, 'desired'),
    router: {
      config: join(run, 'router.json'),
      control: socketPath(home, 'run/router.sock'),
      table: join(run, 'routing-table.json'),
      log: join(logs, 'router.log'),
    },
    replicas: `${replicas}/`,
    output,
    replica(key, id) {
      const folder = join(replicas, key.replaceAll('/', '.'));
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return {
        config: join(folder, `${id}.json`),
        socket: socketPath(home, `run/${id}.sock`),
        stdout: join(output(key), `${id}.stdout.log`),
        stderr: join(output(key), `${id}.stderr.log`),
      };
    },
  };
}

/** Which replica a configuration file belongs to; the opposite of `replica(…).config`. */
export function replicaOfConfig(path: string): {
  readonly folder: string;
  readonly id: string;
  readonly release: number;
} {
  const id = basename(path, '.json');
  return { folder: basename(dirname(path)), id, release: Number(id.split('-')[0]) };
}
