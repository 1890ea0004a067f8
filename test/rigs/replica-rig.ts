/** For tests: a real replica process that serves a fixture service on a socket of its own. */

import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as startRequest, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { prepareModule } from '../../src/platforms/embedded/replica/prepare-module.ts';

/** Path of the component. */
export const MISBEHAVE = join(import.meta.dirname, '../fixtures/services/misbehave.wasm');

/** Path of the core module that is served as CGI programs are. */
export const GATEWAY = join(import.meta.dirname, '../fixtures/services/gateway.wasm');

const REPLICA = join(import.meta.dirname, '../../src/platforms/embedded/replica/main.ts');

export interface RigAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RigRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array;
  /** Sent in the chunked coding. */
  readonly trailers?: Readonly<Record<string, string>>;
}

export interface RigReplica {
  readonly pid: number;
  readonly socket: string;
  ask(path: string, request?: RigRequest): Promise<RigAnswer>;
  output(): { readonly stdout: string; readonly stderr: string };
  signal(signal: NodeJS.Signals): void;
  /** How it ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

export interface Rig {
  /** Folder with the prepared service. */
  prepared(): Promise<string>;
  readonly folder: string;
  /** Starts a replica; with `waitFor` false it is not waited for until it is ready. */
  start(config?: Readonly<Record<string, unknown>>, waitFor?: boolean): Promise<RigReplica>;
  /** Ends every replica that is left and removes the folder. */
  close(): Promise<void>;
}

export function createRig(module = MISBEHAVE): Rig {
  const folder = temporaryFolder('slipway-replica-');
  const replicas: RigReplica[] = [];
  let preparing: Promise<string> | undefined;
  const prepared = () => (preparing ??= prepareModule({ bytes: readFileSync(module), cacheFolder: folder }));

  return {
    folder,
    prepared,
    async start(config = {}, waitFor = true) {
      const socket = join(folder, `${replicas.length}.sock`);
      const path = join(folder, `${replicas.length}.json`);
      const common = { listen: { socket }, environment: {}, memory: 64 * 1024 * 1024, requestDeadline: 10_000 };
      writeFileSync(path, JSON.stringify({ ...common, transpiled: await prepared(), ...config }));
      const replica = startProcess(path, socket);
      replicas.push(replica);
      if (waitFor) await untilReady(replica);
      return replica;
    },
    async close() {
      for (const replica of replicas) replica.signal('SIGKILL');
      await Promise.all(replicas.map((replica) => replica.ended));
      rmSync(folder, { recursive: true });
    },
  };
}

async function untilReady(replica: RigReplica): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const ready = await replica.ask('/', { headers: { 'x-slipway-control': 'ready' } }).catch(() => undefined);
    if (ready?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not ready: ${replica.output().stderr}`);
}

function startProcess(config: string, socket: string): RigReplica {
  const child = spawn(process.execPath, [REPLICA], {
    env: { SLIPWAY_REPLICA: config },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output.stdout += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (output.stderr += piece));
  const agent = new Agent({ keepAlive: true });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => {
      agent.destroy();
      resolve({ code, signal });
    });
  });
  return {
    pid: child.pid ?? 0,
    socket,
    ask: (path, request) => ask({ socket, agent, path, ...request }),
    output: () => output,
    signal: (signal) => void child.kill(signal),
    ended,
  };
}

interface Question extends RigRequest {
  readonly socket: string;
  readonly agent: Agent;
  readonly path: string;
}

function ask({ socket, agent, path, method, headers, body, trailers }: Question): Promise<RigAnswer> {
  return new Promise((resolve, reject) => {
    const sent = { host: 'misbehave.localhost', ...headers };
    const request = startRequest({ socketPath: socket, agent, path, method: method ?? 'GET', headers: sent });
    request.on('error', reject);
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    if (trailers) {
      request.flushHeaders();
      request.write(body);
      request.addTrailers(trailers);
      request.end();
    } else request.end(body);
  });
}
