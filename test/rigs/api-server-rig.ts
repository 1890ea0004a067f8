/** A small API server for one collection of ConfigMaps, over real HTTP, that misbehaves when it is told to. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../src/kernel/clock.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import type { ClusterClient } from '../../src/platforms/kubernetes/cluster-client.ts';
import { connectCluster, type ConnectOptions } from '../../src/platforms/kubernetes/client/index.ts';

export interface Asked {
  readonly verb: 'list' | 'watch' | 'read' | 'write' | 'delete';
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: string;
}

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly data: { readonly value: string };
}

/** What all its objects are labelled with. */
export const LABEL = { app: 'herald' };

type Reply = (response: ServerResponse) => void;

export interface ApiServerRig {
  readonly asked: Asked[];
  readonly folder: string;
  readonly kubeconfig: string;
  client(options?: Partial<ConnectOptions>): Promise<ClusterClient>;
  put(name: string, value: string): Stored;
  drop(name: string): void;
  /** Sends an event that is none: as it is, to all watches. */
  tell(event: unknown): void;
  /** Moves the version on, and tells it by a bookmark. */
  bookmark(): void;
  /** Watches from a version before the present one are refused from now on. */
  forgetHistory(): void;
  /** The next requests of this verb are answered so, one each. */
  next(verb: Asked['verb'], ...replies: readonly Reply[]): void;
  /** All watches: `end` in order, `break` the connection, `freeze`: never a word again. */
  watches(what: 'end' | 'break' | 'freeze'): void;
  /** Another history: all versions begin anew. */
  restore(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const reply =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

export const statusBody = (code: number, reason: string, message: string, details: unknown = {}): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
  details,
});

export const refuse = (code: number, reason: string, message = reason, details: unknown = {}): Reply =>
  reply(code, statusBody(code, reason, message, details));

export const breakOff: Reply = (response) => void response.destroy();
export const hang: Reply = () => undefined;

export const FAST = { watch: 60_000, slack: 5000, firstPause: 5, longestPause: 20 };

export async function createApiServerRig(): Promise<ApiServerRig> {
  const folder = temporaryFolder();
  const kubeconfig = join(folder, 'kubeconfig');
  const asked: Asked[] = [];
  const objects = new Map<string, Stored>();
  const history: { readonly version: number; readonly event: string }[] = [];
  const scripted: { readonly verb: Asked['verb']; readonly reply: Reply }[] = [];
  const open = new Set<ServerResponse>();
  let frozen = new WeakSet<ServerResponse>();
  let version = 100;
  let oldest = 0;
  let port = 0;
  let server: Server | null = null;

  const send = (event: unknown): void => {
    for (const response of open)
      if (!frozen.has(response) && !response.writableEnded) response.write(`${JSON.stringify(event)}\n`);
  };
  const record = (type: string, object: Stored): void => {
    const event = { type, object: { apiVersion: 'v1', kind: 'ConfigMap', ...object } };
    history.push({ version, event: JSON.stringify(event) });
    send(event);
  };
  const put = (name: string, value: string): Stored => {
    version += 1;
    const before = objects.get(name);
    const uid = before?.metadata.uid ?? `uid-${version}`;
    const metadata = { name, uid, resourceVersion: String(version), labels: LABEL };
    const object: Stored = { metadata, data: { value } };
    objects.set(name, object);
    record(before === undefined ? 'ADDED' : 'MODIFIED', object);
    return object;
  };
  const drop = (name: string): Stored | undefined => {
    const before = objects.get(name);
    if (before === undefined) return undefined;
    version += 1;
    objects.delete(name);
    record('DELETED', { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } });
    return before;
  };
  const watch = (response: ServerResponse, from: number): void => {
    if (from < oldest) return refuse(410, 'Expired', `too old resource version: ${from} (${oldest})`)(response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const { version: at, event } of history) if (at > from) response.write(`${event}\n`);
    open.add(response);
    response.on('close', () => open.delete(response));
  };
  const write = (response: ServerResponse, body: string): void => {
    const { metadata, data } = JSON.parse(body) as { metadata: { name: string }; data: { value: string } };
    reply(200, { apiVersion: 'v1', kind: 'ConfigMap', ...put(metadata.name, data.value) })(response);
  };
  const answer = (response: ServerResponse, one: Asked, name: string | undefined): void => {
    const planned = scripted.findIndex(({ verb }) => verb === one.verb);
    if (planned >= 0) return scripted.splice(planned, 1)[0]?.reply(response);
    const missing = refuse(404, 'NotFound', `configmaps "${name}" not found`, { name, kind: 'configmaps' });
    const object = objects.get(name ?? '');
    switch (one.verb) {
      case 'list':
        return reply(200, { metadata: { resourceVersion: String(version) }, items: [...objects.values()] })(response);
      case 'watch':
        return watch(response, Number(one.query.get('resourceVersion')));
      case 'read':
        return (object === undefined ? missing : reply(200, { apiVersion: 'v1', kind: 'ConfigMap', ...object }))(
          response,
        );
      case 'write':
        return write(response, one.body);
      case 'delete':
        return (drop(name ?? '') === undefined ? missing : reply(200, { kind: 'Status', status: 'Success' }))(response);
    }
  };
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://x');
    const name = /\/configmaps\/([^/]+)$/.exec(url.pathname)?.[1];
    const body = await text(request);
    const reading = url.searchParams.has('watch') ? 'watch' : name === undefined ? 'list' : 'read';
    const verb = request.method === 'GET' ? reading : request.method === 'DELETE' ? 'delete' : 'write';
    const one: Asked = { verb, query: url.searchParams, authorization: request.headers.authorization, body };
    asked.push(one);
    answer(response, one, name);
  };
  const start = async (): Promise<void> => {
    const next = createServer((request, response) => void receive(request, response));
    await new Promise<void>((resolve) => next.listen(port, '127.0.0.1', resolve));
    const address = next.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    server = next;
  };
  const stop = async (): Promise<void> => {
    const ending = server;
    if (ending === null) return;
    server = null;
    await new Promise<void>((resolve) => {
      ending.close(() => resolve());
      ending.closeAllConnections();
    });
  };

  await start();
  mkdirSync(folder, { recursive: true });
  writeFileSync(kubeconfig, kubeconfigText(port, 'first-token'));
  return {
    asked,
    folder,
    kubeconfig,
    client: (options = {}) =>
      connectCluster({
        target: { kubeconfig, context: null, namespace: 'shop' },
        clock: systemClock,
        environment: {},
        times: FAST,
        ...options,
      }),
    put,
    drop,
    tell: send,
    bookmark() {
      version += 1;
      const metadata = { resourceVersion: String(version) };
      send({ type: 'BOOKMARK', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata } });
    },
    forgetHistory: () => (oldest = version),
    next: (verb, ...replies) => replies.forEach((one) => scripted.push({ verb, reply: one })),
    watches(what) {
      for (const response of open) {
        if (what === 'end') response.end();
        else if (what === 'break') response.destroy();
        else frozen.add(response);
      }
    },
    restore() {
      version = 10;
      oldest = 0;
      history.length = 0;
      objects.clear();
      frozen = new WeakSet();
    },
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function kubeconfigText(port: number, token: string): string {
  return `apiVersion: v1
kind: Config
current-context: here
clusters:
- name: fake
  cluster: { server: "http://127.0.0.1:${port}", insecure-skip-tls-verify: true }
contexts:
- name: here
  context: { cluster: fake, user: ada }
- name: there
  context: { cluster: fake, user: ada }
users:
- name: ada
  user: { token: "${token}" }
`;
}
