import { rmSync, statSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SPEC } from '../../test/rigs/engine-rig.ts';
import { sha256 } from '../kernel/digest.ts';
import { Fault } from '../kernel/fault.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import type { DeliveryService } from './agent-api.ts';
import { createAgentApi, createAgentClient, serveOnSocket } from './index.ts';

let folder: string;
let socket: string;
let server: Server | undefined;

beforeEach(() => {
  folder = temporaryFolder();
  socket = join(folder, 'agent.sock');
});

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
  rmSync(folder, { recursive: true });
});

const SERVICE: DeliveryService = {
  deploy: () =>
    Promise.resolve({ done: true, answer: 'rolling out #1', rollout: 'herald/local/1', queued: null, refusal: null }),
  command: (key, verb) => {
    if (key !== 'herald/local') {
      throw new Fault({ code: 'agent/no-such-environment', kind: 'usage', message: 'There is none.', hint: 'Deploy.' });
    }
    return Promise.resolve({ done: true, answer: verb.kind, rollout: null, queued: null, refusal: null });
  },
  know: () => Promise.resolve({ exists: true }),
  letGo: () => Promise.resolve(),
  router: () => Promise.reject(new Error('a bug')),
  info: () => ({ pid: 1, version: '0', home: folder }),
  stop: () => Promise.resolve(),
};

async function serve(): Promise<void> {
  server = await serveOnSocket(createAgentApi(SERVICE), socket);
}

async function serveRaw(listener: RequestListener): Promise<void> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
}

test('only the owner may use the socket', async () => {
  await serve();
  expect(statSync(socket).mode & 0o777).toBe(0o600);
});

test('a socket file that a dead agent left is replaced', async () => {
  await serve();
  const first = server;
  await serve();
  expect(await createAgentClient(socket).info()).toMatchObject({ pid: 1 });
  await new Promise((resolve) => first?.close(resolve));
});

test('commands go through, and a fault arrives as it was thrown', async () => {
  await serve();
  const client = createAgentClient(socket);
  expect(await client.command('herald/local', { kind: 'abort' })).toMatchObject({ answer: 'abort' });
  await expect(client.command('herald/other', { kind: 'abort' })).rejects.toMatchObject({
    code: 'agent/no-such-environment',
    kind: 'usage',
    hint: 'Deploy.',
  });
});

test('a bug of the agent is no fault', async () => {
  await serve();
  const failed = await createAgentClient(socket)
    .router()
    .catch((error: unknown) => error);
  expect(failed).not.toBeInstanceOf(Fault);
  expect((failed as Error).message).toBe('the agent answered agent/bug: a bug');
});

test('what is no command, or no JSON, is refused and says why', async () => {
  await serve();
  const api = createAgentApi(SERVICE);
  const post = async (body: string): Promise<unknown> => {
    const answer = await api.request('/v1/environments/herald/local/commands', { method: 'POST', body });
    return [answer.status, ((await answer.json()) as { code: string }).code];
  };
  expect(await post('{"kind":"explode"}')).toEqual([400, 'agent/bad-request']);
  expect(await post('{"kind":')).toEqual([400, 'agent/bad-request']);
});

test('a deployment that is none is refused whole, with each place that is wrong', async () => {
  const deployed: unknown[] = [];
  const api = createAgentApi({ ...SERVICE, deploy: (request) => (deployed.push(request), SERVICE.deploy(request)) });
  const post = async (body: unknown): Promise<{ status: number; detail: string }> => {
    const answer = await api.request('/v1/deployments', { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, detail: ((await answer.json()) as { detail?: string }).detail ?? '' };
  };
  const good = {
    service: 'herald',
    environment: 'local',
    image: sha256('image'),
    config: {},
    secrets: { TOKEN: '0123456789abcdef' },
    needs: ['staging'],
    revision: null,
    spec: SPEC,
    cluster: null,
  };
  expect(await post(good)).toMatchObject({ status: 200 });
  expect(deployed).toEqual([good]);
  const bad = { ...good, environment: '../elsewhere', image: 'latest', spec: { ...SPEC, replicas: 0 } };
  const { status, detail } = await post(bad);
  expect(status).toBe(400);
  for (const place of ['environment', 'image', 'spec.replicas']) expect(detail).toContain(`at ${place}`);
  expect(await post({})).toMatchObject({ status: 400 });
  expect(deployed).toHaveLength(1);
});

test('nobody on the socket is who they say: an approval is recorded, not authenticated', async () => {
  const verbs: unknown[] = [];
  const api = createAgentApi({ ...SERVICE, command: (key, verb) => (verbs.push(verb), SERVICE.command(key, verb)) });
  const post = (verb: unknown) =>
    api.request('/v1/environments/herald/local/commands', { method: 'POST', body: JSON.stringify(verb) });
  await post({ kind: 'approve', by: 'ana', groups: ['managers'], authenticated: true, release: 3 });
  await post({ kind: 'reject', by: 'ana' });
  await post({ kind: 'rollback', to: null, by: 'ben', authenticated: true });
  expect(verbs).toEqual([
    { kind: 'approve', by: 'ana', groups: ['managers'], authenticated: false, release: 3 },
    { kind: 'reject', by: 'ana', authenticated: false },
    { kind: 'rollback', to: null, by: 'ben', authenticated: false },
  ]);
  expect((await post({ kind: 'approve', by: '', groups: [] })).status).toBe(400);
});

test('nobody at the socket is no agent', async () => {
  const client = createAgentClient(socket);
  expect(await client.info()).toBeNull();
  await expect(client.command('herald/local', { kind: 'abort' })).rejects.toMatchObject({ code: 'agent/unreachable' });
});

test('an answer that is no JSON is a fault, not a crash', async () => {
  await serveRaw((_request, response) => response.end('<html>'));
  await expect(createAgentClient(socket).router()).rejects.toMatchObject({ code: 'agent/no-answer' });
});

test('an agent that ends in the middle of its answer is a fault', async () => {
  await serveRaw((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{');
    response.socket?.destroy();
  });
  await expect(createAgentClient(socket).router()).rejects.toBeInstanceOf(Fault);
});
