/** From a request of Node's server to what the service is given: the body read as a whole, bounded, connection fields left out. */

import type { IncomingMessage } from 'node:http';
import { FORBIDDEN_FIELDS, type FieldEntry } from './wasi/http-fields.ts';
import type { RequestParts } from './wasi/http-messages.ts';

/** A larger request body is refused (413): it would be in memory as a whole. */
export const LARGEST_REQUEST = 8 * 1024 * 1024;

const LARGEST_DISCARD = 64 * 1024 * 1024;

/** Ours between router and replica: nothing that a service should see. */
export const PRIVATE_PREFIX = 'x-slipway-';

const NOTHING = new Uint8Array(0);

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Whether its head already says that it is too large. */
export function announcesTooMuch({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > LARGEST_REQUEST;
}

export type BodyListener = (body: Uint8Array | 'too large') => void;

/** Calls back once when the body is there, or is too large; not at all when the client goes away before that. */
export function readBody(request: IncomingMessage, done: BodyListener): void {
  const pieces: Buffer[] = [];
  let size = 0;
  const onPiece = (piece: Buffer): void => {
    size += piece.length;
    if (size <= LARGEST_REQUEST) {
      pieces.push(piece);
      return;
    }
    request.off('data', onPiece).off('end', onEnd);
    discardBody(request);
    done('too large');
  };
  const onEnd = (): void => done(pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces));
  request.on('data', onPiece).on('end', onEnd);
  request.on('error', () => undefined);
}

/**
 * Reads what a client goes on sending though it has its answer: closing at once would make it miss the answer. One that goes on
 * without end loses its connection.
 */
export function discardBody(request: IncomingMessage): void {
  let size = 0;
  request.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size > LARGEST_DISCARD) request.destroy();
  });
  request.on('error', () => undefined);
}

/** `host` stays: the service may ask for it by name, as well as for the authority. */
export function partsOf(request: IncomingMessage, body: Uint8Array = NOTHING): RequestParts {
  return {
    method: request.method ?? 'GET',
    path: pathOf(request.url ?? '/'),
    authority: request.headers.host,
    headers: entriesOf(request.rawHeaders),
    body,
    trailers: entriesOf(request.rawTrailers),
  };
}

/** The path of a target in absolute form (RFC 9112 section 3.2.2), else the target as it is. */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  return path === '' || path.startsWith('?') ? `/${path}` : path;
}

function entriesOf(raw: readonly string[]): FieldEntry[] {
  const entries: FieldEntry[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (name !== 'host' && FORBIDDEN_FIELDS.has(name)) continue;
    if (name.startsWith(PRIVATE_PREFIX)) continue;
    entries.push([name, Buffer.from(raw[index + 1] ?? '', 'latin1')]);
  }
  return entries;
}
