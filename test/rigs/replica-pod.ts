/** For tests: the replica host in a process of its own, configured as in an image; it can end and come back as a container does. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGE_LATENCY_EDGES } from '../../src/oci/index.ts';
import { freePort } from './prometheus-rig.ts';

export interface ReplicaPod {
  readonly name: string;
  readonly release: number;
  /** Where it tells its counters. */
  readonly metrics: string;
  /** What the load generator itself has counted since the pod's counters were zero. */
  readonly sent: { requests: number; errors: number };
  start(): Promise<void>;
  /** Resolves when it has ended, by this signal or by itself. */
  ended(signal?: NodeJS.Signals): Promise<void>;
  ask(path: string): Promise<number>;
  /** Sends so many requests one after the other; the first `bad` of them make the service fail. */
  load(requests: number, bad?: number): Promise<void>;
}

export interface ReplicaPodOptions {
  readonly name: string;
  readonly release: number;
  readonly folder: string;
  /** The bundled host. */
  readonly program: string;
  /** As `prepareModule` makes it, of the service `misbehave`. */
  readonly transpiled: string;
}

export async function startReplicaPod(options: ReplicaPodOptions): Promise<ReplicaPod> {
  const { name, release, folder, program, transpiled } = options;
  const [port, metricsPort] = [await freePort(), await freePort()];
  const host = '127.0.0.1';
  const home = join(folder, name);
  mkdirSync(home);
  const config = join(home, 'replica.json');
  const metrics = { host, port: metricsPort, keep: join(home, 'counters.json'), edges: IMAGE_LATENCY_EDGES };
  writeFileSync(config, JSON.stringify({ listen: { host, port }, metrics, transpiled, requestDeadline: 400 }));
  let child: ChildProcess | null = null;
  const pod: ReplicaPod = {
    name,
    release,
    metrics: `${host}:${metricsPort}`,
    sent: { requests: 0, errors: 0 },
    async start() {
      child = spawn(process.execPath, [program], { cwd: '/', env: { SLIPWAY_REPLICA: config }, stdio: 'ignore' });
      for (let tries = 0; tries < 800; tries += 1) {
        const ready = await fetch(`http://${pod.metrics}/ready`).catch(() => null);
        if (ready?.status === 200) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`pod ${name} does not get ready`);
    },
    async ended(signal) {
      const ending = child;
      child = null;
      if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => ending.on('close', resolve));
      if (signal !== undefined) ending.kill(signal);
      await ended;
    },
    async ask(path) {
      const answer = await fetch(`http://${host}:${port}${path}`);
      await answer.arrayBuffer();
      return answer.status;
    },
    async load(requests, bad = 0) {
      for (let index = 0; index < requests; index += 1) {
        const status = await pod.ask(index < bad ? '/fail' : '/ok');
        if (status !== (index < bad ? 500 : 200)) throw new Error(`pod ${name} answers with ${status}`);
        pod.sent.requests += 1;
        if (index < bad) pod.sent.errors += 1;
      }
    },
  };
  await pod.start();
  return pod;
}
