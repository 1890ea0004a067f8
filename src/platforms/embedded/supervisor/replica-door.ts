/** How a replica is reached: where it listens, and whether it takes requests now. */

import { closeSync, openSync, readSync } from 'node:fs';
import { connect } from 'node:net';
import { readIfThere, writeFileAtomic } from '../../../kernel/workspace.ts';
import type { ReplicaPaths } from '../home-paths.ts';
import { isReady } from './readiness.ts';

export interface ReplicaDoor {
  /** What the router is told: the path of a unix socket or `HOST:PORT`; `null` while that is not known. */
  address(): string | null;
  isReady(): Promise<boolean>;
}

/** Of our own host: it was told its socket, and says by itself whether it is ready. */
export function socketDoor({ socket }: ReplicaPaths): ReplicaDoor {
  return { address: () => socket, isReady: () => isReady(socket) };
}

/** The configuration of a replica that is not our own host: for a later agent, since the program itself reads none. */
export const ANNOUNCING = { engine: 'wasmtime', address: null as string | null };

/** The line that tells the port; nothing of the service can run before it. */
const ANNOUNCEMENT = /^Serving HTTP on http:\/\/(127\.0\.0\.1:\d{1,5})\/$/m;

/** Of `wasmtime serve`: it tells its port on its standard error once it takes requests. */
export function announcedDoor({ config, stderr }: ReplicaPaths): ReplicaDoor {
  let known = addressIn(config);
  const address = (): string | null => {
    if (known !== null) return known;
    known = ANNOUNCEMENT.exec(beginningOf(stderr))?.[1] ?? null;
    // What it says may be cut off one day, and a later agent must know it all the same.
    if (known !== null) writeFileAtomic(config, JSON.stringify({ ...ANNOUNCING, address: known }), 0o600);
    return known;
  };
  return {
    address,
    async isReady() {
      const where = address();
      return where !== null && canConnect(where);
    },
  };
}

/** The door of a replica that an earlier agent has started. */
export function doorOf(paths: ReplicaPaths): ReplicaDoor {
  return engineIn(paths.config) === ANNOUNCING.engine ? announcedDoor(paths) : socketDoor(paths);
}

function engineIn(config: string): unknown {
  return membersOf(config)['engine'];
}

function addressIn(config: string): string | null {
  const { address } = membersOf(config);
  return typeof address === 'string' ? address : null;
}

function membersOf(config: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(readIfThere(config) ?? '{}');
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function beginningOf(path: string): string {
  const buffer = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(file);
  }
}

function canConnect(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`http://${address}`);
  return new Promise((resolve) => {
    const connection = connect({ host: hostname, port: Number(port), timeout: 1000 });
    const end = (result: boolean): void => {
      connection.destroy();
      resolve(result);
    };
    connection.on('connect', () => end(true));
    connection.on('error', () => end(false));
    connection.on('timeout', () => end(false));
  });
}
