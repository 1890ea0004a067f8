/** From the service's answer to bytes on the connection: framing, and which fields may leave (RFC 9110 sections 6.4, 8.6). */

import type { ServerResponse } from 'node:http';
import { PRIVATE_PREFIX } from './request-reader.ts';
import type { ServiceAnswer } from './service-answer.ts';
import type { FieldEntry } from './wasi/http-fields.ts';

/** Tells the router how a failed request failed. */
const OUTCOME_HEADER = 'x-slipway-outcome';

export function writeAnswer(response: ServerResponse, answer: ServiceAnswer): void {
  if (answer.kind === 'failed') {
    const outcome = answer.why === 'error' ? [] : [OUTCOME_HEADER, answer.why];
    return say(response, answer.status, `${answer.text}\n`, outcome);
  }
  const { status, body } = answer;
  const chunks = body?.chunks() ?? [];
  const size = body?.size ?? 0;
  const trailers = body?.trailers?.entries() ?? [];
  const noContent = status === 204;
  const bodyless = noContent || status === 304 || response.req.method === 'HEAD';

  const raw: string[] = [];
  let framed = noContent || trailers.length > 0;
  for (const [name, value] of answer.headers) {
    if (name.startsWith(PRIVATE_PREFIX)) continue;
    if (name === 'content-length') {
      // With trailers the body is chunked; without content there is no length.
      if (framed) continue;
      framed = true;
    }
    raw.push(name, textOf(value));
  }
  // A length that nobody announced is known all the same, unless it stands for a body that was left out.
  if (!framed && (size > 0 || !bodyless)) raw.push('content-length', String(size));
  if (trailers.length > 0) raw.push('transfer-encoding', 'chunked');
  response.writeHead(status, raw);
  if (bodyless) return void response.end();
  if (trailers.length > 0) response.addTrailers(trailers.map(toTextEntry));
  const [only] = chunks;
  if (chunks.length <= 1) return void response.end(only);
  response.cork();
  for (const chunk of chunks) response.write(chunk);
  response.end();
  response.uncork();
}

/** An answer of our own. */
export function say(response: ServerResponse, status: number, text: string, headers: readonly string[] = []): void {
  const type = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(Buffer.byteLength(text))];
  response.writeHead(status, [...headers, ...type]);
  response.end(text);
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
}

function toTextEntry([name, value]: FieldEntry): [string, string] {
  return [name, textOf(value)];
}
