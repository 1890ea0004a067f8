/** A stream of bytes as lines, the last one too when no newline ends it. */

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** @throws what breaks the stream. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const piece of stream) {
    const lines = (rest + decoder.write(piece as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.replace(/\r$/, '');
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
