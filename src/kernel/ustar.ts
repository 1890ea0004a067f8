/**
 * The header of one entry of a tar archive (POSIX.1-2017 ustar) whose bytes depend on nothing but what is given here: owned
 * by root, dated at the epoch. Whoever knows what an entry must be can compare its header byte by byte.
 */

import { Buffer } from 'node:buffer';

export const TAR_BLOCK = 512;

/** Octal digits of the size field hold less than 8 GiB. */
export const TAR_MAX_SIZE = 8 ** 11;

export interface UstarFields {
  /** Printable ASCII, at most 100 and 155 bytes. */
  readonly name: string;
  readonly prefix: string;
  readonly mode: number;
  /** Bytes, less than `TAR_MAX_SIZE`. */
  readonly size: number;
  /** A file, a symbolic link, a folder, a pax record. */
  readonly type: '0' | '2' | '5' | 'x';
  readonly target: string;
}

export function ustarHeader({ name, prefix, mode, size, type, target }: UstarFields): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  block.write(name, 0, 'latin1');
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.fill(' ', 148, 156);
  block.write(type, 156, 'latin1');
  block.write(target, 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(0, 329, 7);
  octal(0, 337, 7);
  block.write(prefix, 345, 'latin1');
  // The checksum is summed with its own field full of spaces; it is six digits, a NUL and the space that stays.
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}

/** What fills the last block of a content of that size. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
}
