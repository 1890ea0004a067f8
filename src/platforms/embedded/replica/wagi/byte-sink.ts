/** Keeps what is written to it in one piece of memory, up to a bound. */

import { Trap } from '../wasi/trap.ts';

export interface ByteSink {
  /** Copies the bytes. @throws Trap when that would exceed the bound. */
  write(bytes: Uint8Array): void;
  /** All that was written; not to be changed. */
  bytes(): Buffer;
}

const FIRST = 4096;

export function createByteSink(bound: number): ByteSink {
  let kept = Buffer.allocUnsafe(FIRST);
  let size = 0;
  return {
    write(bytes) {
      const needed = size + bytes.length;
      if (needed > bound) throw new Trap(`it wrote more than ${bound} bytes`);
      if (needed > kept.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(needed, kept.length * 2));
        kept.copy(larger, 0, 0, size);
        kept = larger;
      }
      kept.set(bytes, size);
      size = needed;
    },
    bytes: () => kept.subarray(0, size),
  };
}
