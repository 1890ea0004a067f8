/**
 * A cursor over bytes that nobody has vouched for. Every read checks the end and the format's own rules; what breaks them
 * is a Fault `wasm/malformed` that names the offset.
 */

import type { Fault } from '../kernel/fault.ts';
import { wasmFault, type WasmFaultCode } from './wasm-fault.ts';

/** Bounds that real modules stay far below (the engines' own are as high or higher: wasmparser `limits.rs`). */
export const LIMITS = { entries: 100_000, nameBytes: 100_000, sections: 10_000, binaries: 1000, depth: 16 };

export interface ByteReader {
  /** Where it stands, counted from the start of the file. */
  readonly offset: number;
  readonly left: number;
  byte(): number;
  /** LEB128, at most 32 bits. */
  u32(): number;
  /** LEB128, at most 64 bits. */
  u64(): bigint;
  /** A vector's length, refused when so many entries of at least `entryBytes` can't follow. */
  count(entryBytes: number): number;
  /** Length and UTF-8. */
  name(): string;
  /** A reader of exactly the next `length` bytes; this one goes on behind them. */
  part(length: number, what: string): ByteReader;
  /** All that is left. */
  rest(): Uint8Array;
  /** The next bytes (fewer at the end), without moving on. */
  peek(length: number): Uint8Array;
  malformed(what: string): Fault<WasmFaultCode>;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads `bytes` from `start` to `end`; offsets in messages are those of `bytes`. */
export function createByteReader(bytes: Uint8Array, start = 0, end = bytes.length): ByteReader {
  let at = start;
  const malformed = (what: string) =>
    wasmFault({
      code: 'wasm/malformed',
      message: `The file is not sound WebAssembly: ${what} at byte ${at}.`,
      hint: 'Build it again, or fetch it again and compare its digest.',
    });
  const byte = () => {
    const value = at < end ? bytes[at] : undefined;
    if (value === undefined) throw malformed('it ends in the middle of a section');
    at += 1;
    return value;
  };
  const unsigned = (bits: number) => {
    let value = 0n;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value |= BigInt(next & 0x7f) << BigInt(shift);
      // Core specification 5.2.2: at most ceil(N/7) bytes, and the unused bits of the last one are zero.
      if (value >> BigInt(bits) !== 0n) throw malformed(`a number of more than ${bits} bits`);
      if (next < 0x80) return value;
      if (shift + 7 >= bits) throw malformed('an overlong number');
    }
  };
  const u32 = () => Number(unsigned(32));
  const take = (length: number, what: string) => {
    if (length > end - at) throw malformed(`${what} of ${length} bytes where ${end - at} are left`);
    at += length;
    return at - length;
  };
  return {
    get offset() {
      return at;
    },
    get left() {
      return end - at;
    },
    byte,
    u32,
    u64: () => unsigned(64),
    count(entryBytes) {
      const count = u32();
      if (count * entryBytes > end - at) throw malformed(`a list of ${count} entries that can't fit`);
      if (count > LIMITS.entries) throw overLimit('entries in one list', LIMITS.entries);
      return count;
    },
    name() {
      const length = u32();
      if (length > LIMITS.nameBytes) throw overLimit('bytes in one name', LIMITS.nameBytes);
      const from = take(length, 'a name');
      try {
        return utf8.decode(bytes.subarray(from, from + length));
      } catch {
        throw malformed('a name that is not UTF-8');
      }
    },
    part(length, what) {
      const from = take(length, what);
      return createByteReader(bytes, from, from + length);
    },
    rest() {
      const from = take(end - at, 'the rest');
      return bytes.subarray(from, end);
    },
    peek: (length) => bytes.subarray(at, Math.min(at + length, end)),
    malformed,
  };
}

export function overLimit(what: string, limit: number): Fault<WasmFaultCode> {
  return wasmFault({
    code: 'wasm/limit',
    message: `The file has more ${what} than are read (${limit}).`,
    hint: 'No compiler makes such a file for a service: look where it comes from.',
  });
}
