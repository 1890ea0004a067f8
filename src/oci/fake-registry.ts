/** A registry on loopback for tests that does what it is told wrong. What it is not told to do wrong it does right. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../kernel/digest.ts';

export interface FakeRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  /** By digest and by tag. */
  readonly manifests: Map<string, { readonly type: string; readonly bytes: Buffer }>;
  /** `PUT /v2/…`, in order. */
  readonly requests: string[];
  /** `Authorization` of each of them. */
  readonly authorizations: (string | undefined)[];
  /** From now on asked before each request is served: what it gives is the answer. */
  guard(check: (request: IncomingMessage) => RegistryFault | undefined): void;
  /** The next requests that match are answered by the fault instead, one after the other. */
  fail(pattern: RegExp, ...faults: readonly RegistryFault[]): void;
  close(): Promise<void>;
}

export type RegistryFault =
  /** The connection is cut without an answer. */
  | 'reset'
  /** Any answer at all. */
  | ((response: ServerResponse, request: IncomingMessage, body: Buffer) => void);

export const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): RegistryFault =>
  (response) =>
    response.writeHead(status, headers).end(body);

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const planned: { pattern: RegExp; fault: RegistryFault }[] = [];
  const blobs: FakeRegistry['blobs'] = new Map();
  const manifests: FakeRegistry['manifests'] = new Map();
  const requests: string[] = [];
  const authorizations: FakeRegistry['authorizations'] = [];
  let check: Parameters<FakeRegistry['guard']>[0] = () => undefined;
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    authorizations.push(request.headers.authorization);
    void bodyOf(request).then((body) => {
      const at = planned.findIndex(({ pattern }) => pattern.test(line));
      const fault = at < 0 ? check(request) : planned.splice(at, 1)[0]?.fault;
      if (fault === 'reset') return request.socket.destroy();
      if (fault) return fault(response, request, body);
      return serve({ request, response, body, blobs, manifests });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    manifests,
    requests,
    authorizations,
    guard: (next) => void (check = next),
    fail: (pattern, ...faults) => planned.push(...faults.map((fault) => ({ pattern, fault }))),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

interface Exchange extends Pick<FakeRegistry, 'blobs' | 'manifests'> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
}

function serve({ request, response, body, blobs, manifests }: Exchange): void {
  const url = new URL(request.url ?? '/', 'http://registry');
  const [, repository = '', kind = '', name = ''] =
    /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
  const send = (status: number, headers: Record<string, string | number> = {}, content?: Buffer) => {
    response.writeHead(status, { ...headers, ...(content ? { 'content-length': content.length } : {}) });
    response.end(request.method === 'HEAD' ? undefined : content);
  };
  if (kind === 'blobs/uploads' && request.method === 'POST') {
    const mount = url.searchParams.get('mount');
    if (mount !== null && blobs.has(mount)) return send(201, { location: `/v2/${repository}/blobs/${mount}` });
    return send(202, { location: `/v2/${repository}/blobs/uploads/session?_state=a%2Bb%3D` });
  }
  if (kind === 'blobs/uploads' && request.method === 'PUT') {
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256(body) !== digest || !request.url?.includes('_state=a%2Bb%3D&')) return send(400);
    blobs.set(digest, body);
    return send(201, { 'docker-content-digest': digest });
  }
  if (kind === 'blobs') {
    const blob = blobs.get(name);
    return blob ? send(200, { 'content-type': 'application/octet-stream' }, blob) : send(404);
  }
  if (kind === 'manifests' && request.method === 'PUT') {
    const missing = namesIn(body).filter((digest) => !blobs.has(digest) && !manifests.has(digest));
    if (missing.length > 0)
      return send(400, {}, Buffer.from(JSON.stringify({ errors: [{ code: 'MANIFEST_BLOB_UNKNOWN' }] })));
    const manifest = { type: request.headers['content-type'] ?? '', bytes: body };
    manifests.set(name, manifest).set(sha256(body), manifest);
    return send(201, { 'docker-content-digest': sha256(body) });
  }
  const manifest = manifests.get(name);
  if (kind !== 'manifests' || !manifest) return send(404);
  return send(200, { 'content-type': manifest.type, 'docker-content-digest': sha256(manifest.bytes) }, manifest.bytes);
}

/** All digests that a manifest points to. */
function namesIn(manifest: Buffer): readonly string[] {
  return manifest.toString().match(/sha256:[0-9a-f]{64}/g) ?? [];
}
