/** A router process and stub replicas for tests of the router alone. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request as startRequest, type RequestOptions } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { createRouterClient, type RouterClient } from '../../src/platforms/embedded/router-client.ts';
import type { RequestRecord } from '../../src/platforms/embedded/router/request-log.ts';
import type { RouterConfig } from '../../src/platforms/embedded/router/router-config.ts';
import {
  type EnvironmentRoutes,
  NO_ROUTES,
  type ReplicaAddress,
} from '../../src/platforms/embedded/router/routing-table.ts';
import { expectNoLeftovers } from '../leftovers.ts';

const ROUTER = join(import.meta.dirname, '../../src/platforms/embedded/router/main.ts');
const STUB = join(import.meta.dirname, '../fixtures/replicas/stub-replica.mjs');

export interface Replica extends ReplicaAddress {
  readonly process: ChildProcess;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RouterRig {
  readonly folder: string;
  readonly client: RouterClient;
  url(): string;
  startRouter(): Promise<ChildProcess>;
  startReplica(id: string, environment?: Readonly<Record<string, string>>): Promise<Replica>;
  /** Puts a table with the one environment `greeter/local`. */
  route(routes: Partial<EnvironmentRoutes>): Promise<void>;
  ask(path: string, options?: Question): Promise<Answer>;
  requestLog(): readonly RequestRecord[];
  [Symbol.asyncDispose](): Promise<void>;
}

const HOST = 'greeter.local.localhost';

export async function startRouterRig(): Promise<RouterRig> {
  const folder = temporaryFolder('slipway-router-');
  const config: RouterConfig = {
    listen: { host: '127.0.0.1', port: 0 },
    control: join(folder, 'router.sock'),
    table: join(folder, 'table.json'),
    logs: join(folder, 'logs'),
  };
  const client = createRouterClient(config.control);
  const children: ChildProcess[] = [];
  let port = 0;

  const start = (script: string, variable: string, value: unknown): ChildProcess => {
    const path = join(folder, `${variable}-${children.length}.json`);
    writeFileSync(path, JSON.stringify(value));
    const child = spawn(process.execPath, [script], { env: { [variable]: path }, stdio: 'inherit' });
    children.push(child);
    return child;
  };
  const startRouter = async (): Promise<ChildProcess> => {
    const child = start(ROUTER, 'SLIPWAY_ROUTER', { ...config, listen: { ...config.listen, port } });
    await until(async () => {
      port = (await client.state()).port;
    });
    return child;
  };

  const startReplica = async (id: string, environment: Readonly<Record<string, string>> = {}): Promise<Replica> => {
    const socket = join(folder, `${id}.sock`);
    const process = start(STUB, 'SLIPWAY_REPLICA', { listen: { socket }, environment });
    await until(() => send({ socketPath: socket, path: '/', headers: { 'x-slipway-control': 'ready' } }));
    return { id, socket, process };
  };

  mkdirSync(config.logs);
  await startRouter();
  return {
    folder,
    client,
    url: () => `http://127.0.0.1:${port}`,
    startRouter,
    startReplica,
    async route(routes) {
      const { version } = await client.state();
      const whole: EnvironmentRoutes = { ...NO_ROUTES, requestLimit: 5000, ...routes };
      await client.put({ version: version + 1, environments: { 'greeter/local': whole } });
    },
    ask: (path, { body, headers, ...options } = {}) =>
      send({ ...options, host: '127.0.0.1', port, path, headers: { host: HOST, ...headers } }, body),
    requestLog: () => linesOf(join(config.logs, 'greeter.local', 'requests.ndjson')),
    async [Symbol.asyncDispose]() {
      client.close();
      for (const child of children) child.kill('SIGKILL');
      try {
        await expectNoLeftovers(folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Asks all of it over a few kept connections, and gives the answers in the order of the questions. */
export async function askAll(
  rig: RouterRig,
  questions: readonly (Question & { readonly path?: string })[],
): Promise<readonly Answer[]> {
  const { hostname, port } = new URL(rig.url());
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const asked = questions.map(({ path = '/', body, headers, ...options }) =>
    send({ ...options, agent, host: hostname, port, path, headers: { host: HOST, ...headers } }, body),
  );
  try {
    return await Promise.all(asked);
  } finally {
    agent.destroy();
  }
}

/** Tries until it does not throw any more, for at most five seconds. */
export async function until<Result>(attempt: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + 5000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function send(options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = startRequest({ agent: false, ...options }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => (text += piece));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function linesOf(path: string): readonly RequestRecord[] {
  const text = readFileSync(path, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RequestRecord);
}
