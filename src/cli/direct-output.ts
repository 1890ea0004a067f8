/**
 * Text to standard output or error without a stream, which takes longer to make than to be used by a command that
 * prints a few lines.
 */

import { writeSync } from 'node:fs';
import { systemCodeOf } from '../kernel/fault.ts';

/**
 * Returns what writes to the file descriptor, in order, and has written when it returns unless nobody takes it. When
 * whoever read has gone (`slipway plan | head`), what is said from then on is said to nobody; the command goes on.
 */
export function directOutput(descriptor: 1 | 2, write = writeSync): (text: string) => void {
  let state: 'direct' | 'stream' | 'gone' = 'direct';
  /** How many bytes of these were taken; 0 when there are none or nobody takes them. */
  const taken = (bytes: Uint8Array): number => {
    if (state !== 'direct' || bytes.length === 0) return 0;
    try {
      return write(descriptor, bytes);
    } catch (error) {
      state = systemCodeOf(error) === 'EPIPE' ? 'gone' : 'stream';
      return 0;
    }
  };
  /** For who is slow and has made the descriptor one that does not wait: a stream knows what to do. */
  const pass = (bytes: Uint8Array): void => {
    const stream = descriptor === 1 ? process.stdout : process.stderr;
    if (stream.listenerCount('error') === 0) stream.on('error', () => (state = 'gone'));
    stream.write(bytes);
  };
  return (text) => {
    let rest: Uint8Array = Buffer.from(text);
    for (let count = taken(rest); count > 0; count = taken(rest)) rest = rest.subarray(count);
    if (rest.length > 0 && state === 'stream') pass(rest);
  };
}
