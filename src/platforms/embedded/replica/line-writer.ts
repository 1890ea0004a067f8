/** The service's output: whole lines to a file descriptor, so that the lines of two writers never mix, bounded in length. */

import { writeSync } from 'node:fs';
import { systemCodeOf } from '../../../kernel/fault.ts';
import type { Sink } from './wasi/io.ts';

/** What is longer is cut: a service may not fill our memory with a line that never ends. */
export const LONGEST_LINE = 16 * 1024;

/** How often a full pipe is tried again, a millisecond apart, before the output is dropped: it must not stop the service. */
const TRIES = 50;

const NEWLINE = 0x0a;
const CUT = Buffer.from(' [cut]\n');
const pause = new Int32Array(new SharedArrayBuffer(4));

export interface LineWriter extends Sink {
  /** Writes what is left of a line that has not ended, as a line. */
  flush(): void;
}

export interface LineWriterOptions {
  /** File descriptor. */
  readonly to: number;
  /** What stands before each line. */
  readonly prefix?: () => string;
  /** Called with the start of each line. */
  readonly onLine?: (line: string) => void;
}

export function createLineWriter({ to, prefix, onLine }: LineWriterOptions): LineWriter {
  let line: Buffer[] = [];
  let length = 0;
  let ready: Buffer[] = [];

  const add = (piece: Buffer): void => {
    const room = Math.max(0, LONGEST_LINE - length);
    if (room > 0 && piece.length > 0) line.push(piece.subarray(0, room));
    length += piece.length;
  };
  const endLine = (): void => {
    const cut = length > LONGEST_LINE;
    onLine?.(line[0] === undefined ? '' : Buffer.concat(line).toString('latin1', 0, 100));
    if (prefix !== undefined) ready.push(Buffer.from(prefix()));
    ready.push(...line, cut ? CUT : CUT.subarray(-1));
    line = [];
    length = 0;
  };
  const send = (): void => {
    if (ready.length > 0) writeAll(to, Buffer.concat(ready));
    ready = [];
  };
  return {
    room: () => 1024 * 1024,
    write(bytes) {
      const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      let start = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
        add(piece.subarray(start, end));
        endLine();
        start = end + 1;
      }
      add(piece.subarray(start));
      send();
    },
    flush() {
      if (length > 0) endLine();
      send();
    },
  };
}

/** Writes the bytes, or drops them when nobody takes them. */
export function writeAll(to: number, bytes: Uint8Array): void {
  let tries = 0;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(to, bytes, at);
    } catch (error) {
      tries += 1;
      if (systemCodeOf(error) !== 'EAGAIN' || tries > TRIES) return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}
