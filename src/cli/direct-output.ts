/**
 * Text to standard output or error without a stream, which takes longer to make than to be used by a command that
 * prints a few lines.
 */

import { writeSync } from 'node:fs';

/** Returns what writes to the file descriptor, in order, and has written when it returns unless nobody takes it. */
export function directOutput(descriptor: 1 | 2, write = writeSync): (text: string) => void {
  let direct = true;
  /** How many bytes of these were taken; 0 when there are none or nobody takes them. */
  const taken = (bytes: Uint8Array): number => {
    if (!direct || bytes.length === 0) return 0;
    try {
      return write(descriptor, bytes);
    } catch {
      // Whoever reads has gone, or is slow and has made the descriptor one that does not wait: a stream knows what to do.
      direct = false;
      return 0;
    }
  };
  return (text) => {
    let rest: Uint8Array = Buffer.from(text);
    for (let count = taken(rest); count > 0; count = taken(rest)) rest = rest.subarray(count);
    if (rest.length > 0) (descriptor === 1 ? process.stdout : process.stderr).write(rest);
  };
}
