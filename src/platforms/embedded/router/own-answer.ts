/** An answer by the router itself. */

import type { ServerResponse } from 'node:http';

export interface OwnAnswer {
  readonly status: number;
  readonly identifier: string;
  readonly release?: number;
  readonly text: string;
}

export function say(response: ServerResponse, { status, identifier, release, text }: OwnAnswer): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'x-request-id': identifier,
    ...(release === undefined ? {} : { 'x-slipway-release': String(release) }),
    ...(status === 503 ? { 'retry-after': '1' } : {}),
  });
  response.end(text);
}
