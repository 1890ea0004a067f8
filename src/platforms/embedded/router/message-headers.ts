/** Which headers pass through the router, and which it sets (RFC 9110 section 7.6.1, RFC 7239's older kin). */

import type { IncomingMessage } from 'node:http';
import { randomIdentifier } from '../../../kernel/random.ts';
import { cookieHeader } from './affinity.ts';

/** They concern one connection, not the message. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(
  'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

/** Ours between router and replica; nobody outside may set or see them. */
const PRIVATE = 'x-slipway-';

/** Tells a service that this is a copy whose answer nobody sees. */
export const MIRROR_HEADER = 'slipway-mirror';

/** Set by us, whatever the client says. */
const FORWARDED: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-request-id',
  MIRROR_HEADER,
]);

const SANE_IDENTIFIER = /^[\w.:@/+=-]{1,128}$/;

/** The client's `x-request-id` when it is a plain short word, else a new one. */
export function requestIdentifier(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_IDENTIFIER.test(given) ? given : randomIdentifier(20);
}

/** Name, value, name, value … for the replica. */
export function headersForReplica(request: IncomingMessage, identifier: string): string[] {
  const passed = passing(request, FORWARDED);
  const address = request.socket.remoteAddress ?? 'unknown';
  const before = request.headers['x-forwarded-for'];
  passed.push('x-request-id', identifier);
  passed.push('x-forwarded-for', before === undefined ? address : `${String(before)}, ${address}`);
  passed.push('x-forwarded-proto', 'http', 'x-forwarded-host', request.headers.host ?? '');
  if (request.headers['transfer-encoding'] !== undefined) passed.push('transfer-encoding', 'chunked');
  else if (request.headers['content-length'] === undefined && mayHaveBody(request)) passed.push('content-length', '0');
  return passed;
}

export interface AnswerFacts {
  readonly identifier: string;
  readonly release: number;
  /** `NAME=VALUE` of a cookie to set unless the service sets one of that name itself; `null`: none. */
  readonly cookie: string | null;
}

/** Name, value, name, value … for the client. */
export function headersForClient(answer: IncomingMessage, { identifier, release, cookie }: AnswerFacts): string[] {
  const passed = passing(answer, REQUEST_ID_ONLY);
  passed.push('x-request-id', identifier, 'x-slipway-release', String(release));
  if (cookie !== null && !sets(answer, cookie)) passed.push('set-cookie', cookieHeader(cookie));
  return passed;
}

/** Whether the answer itself sets a cookie of that name. */
function sets({ headers }: IncomingMessage, cookie: string): boolean {
  const named = cookie.slice(0, cookie.indexOf('=') + 1);
  return headers['set-cookie']?.some((value) => value.trimStart().startsWith(named)) ?? false;
}

const REQUEST_ID_ONLY: ReadonlySet<string> = new Set(['x-request-id']);

function passing(message: IncomingMessage, replaced: ReadonlySet<string>): string[] {
  const named = message.headers.connection
    ?.toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const raw = message.rawHeaders;
  const passed: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (HOP_BY_HOP.has(name) || replaced.has(name) || name.startsWith(PRIVATE) || named?.includes(name)) continue;
    passed.push(raw[index] ?? '', raw[index + 1] ?? '');
  }
  return passed;
}

function mayHaveBody({ method }: IncomingMessage): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
