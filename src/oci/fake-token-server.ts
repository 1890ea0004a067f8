/** The token server of a registry, on loopback, for tests. It knows one user and one identity token. */

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, type FakeRegistry, type RegistryFault } from './fake-registry.ts';

export interface FakeTokenServer {
  readonly address: string;
  /** What was asked for, in order: `GET Basic … [scope, scope]`, `POST refresh_token [scope]`. */
  readonly requests: { readonly method: string; readonly authorization?: string; readonly scopes: readonly string[] }[];
  /** All tokens that were ever given. */
  readonly tokens: string[];
  /** Of tokens that are given from now on, in seconds; `null`: it does not say. */
  lifetime: number | null;
  /** What it answers in place of a token. */
  broken: RegistryFault | null;
  /** No token that was given so far is good any more. */
  revoke(): void;
  /** The registry asks for tokens of this server from now on. */
  protect(registry: FakeRegistry): void;
  close(): Promise<void>;
}

export const USER = 'crane';
export const PASSWORD = 'p4ss:wörd-of-the-crane';
export const IDENTITY = 'identity-token-of-the-crane';

export async function startFakeTokenServer(): Promise<FakeTokenServer> {
  const good = new Map<string, readonly string[]>();
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const url = new URL(request.url ?? '/', 'http://token');
      const form = new URLSearchParams(body);
      const scopes =
        request.method === 'POST' ? (form.get('scope') ?? '').split(' ') : url.searchParams.getAll('scope');
      const { authorization } = request.headers;
      const method = request.method ?? '';
      fake.requests.push({ method, scopes, ...(authorization === undefined ? {} : { authorization }) });
      if (fake.broken !== null) {
        if (fake.broken === 'reset') return request.socket.destroy();
        return fake.broken(response, request, Buffer.from(body));
      }
      const service = request.method === 'POST' ? form.get('service') : url.searchParams.get('service');
      const known =
        request.method === 'POST'
          ? form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === IDENTITY
          : authorization === `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
      const anonymous = authorization === undefined && scopes.every((scope) => scope.endsWith(':pull'));
      if (service !== 'fake' || (!known && !anonymous)) return response.writeHead(401).end();
      const token = `token-${fake.tokens.length}-${'x'.repeat(20)}`;
      fake.tokens.push(token);
      good.set(token, scopes);
      const lasts = fake.lifetime === null ? {} : { expires_in: fake.lifetime };
      const name = fake.tokens.length % 2 === 0 ? 'token' : 'access_token';
      return response.writeHead(200).end(JSON.stringify({ [name]: token, ...lasts }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const fake: FakeTokenServer = {
    address,
    requests: [],
    tokens: [],
    lifetime: 300,
    broken: null,
    revoke: () => good.clear(),
    protect: (registry) =>
      registry.guard((request) => {
        const [, repository = ''] = /^\/v2\/(.+)\/(?:blobs|manifests)\//.exec(request.url ?? '') ?? [];
        const actions = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'pull,push';
        const scope = `repository:${repository}:${actions}`;
        const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
        const scopes = good.get(token);
        if (scopes?.some((given) => given.startsWith(scope))) return undefined;
        const error = scopes === undefined ? '' : ',error="insufficient_scope"';
        const challenge = `Bearer realm="${address}",service="fake",scope="${scope}"${error}`;
        return answer(401, { 'www-authenticate': challenge });
      }),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return fake;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
