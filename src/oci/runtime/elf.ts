/** Reads what a 64-bit little-endian ELF file is for and needs, so that a binary never ships without its libraries. */

import { ociFault } from '../oci-fault.ts';

export interface ElfFile {
  /** `e_machine`: 62 x86-64, 183 AArch64. */
  readonly machine: number;
  /** The loader it asks for, absolute; libraries have none. */
  readonly interpreter: string | undefined;
  /** Names of the libraries it needs. */
  readonly needed: readonly string[];
}

/** Bytes of one program header of a 64-bit file. */
const PROGRAM_HEADER = 56;
const LOAD = 1;
const DYNAMIC = 2;
const INTERPRETER = 3;
const TAG_NEEDED = 1;
const TAG_STRINGS = 5;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/**
 * @throws Fault `runtime/mismatch` when it is no such file or any of its segments or section headers lies past its end.
 */
export function readElf(bytes: Uint8Array, name: string): ElfFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => Number(view.getBigUint64(at, true));
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
    throw mismatch(name, 'it is no 64-bit little-endian ELF file');
  }
  const within = (start: number, size: number) => {
    if (start + size > bytes.length) throw mismatch(name, 'it is cut short');
  };
  const [table, entrySize, count] = [word(32), view.getUint16(54, true), view.getUint16(56, true)];
  if (entrySize !== PROGRAM_HEADER) throw mismatch(name, 'its program headers are of no known size');
  within(table, entrySize * count);
  within(word(40), view.getUint16(58, true) * view.getUint16(60, true));
  const segments = Array.from({ length: count }, (_, at): Segment => {
    const start = table + at * entrySize;
    const segment = {
      type: view.getUint32(start, true),
      offset: word(start + 8),
      address: word(start + 16),
      size: word(start + 32),
    };
    within(segment.offset, segment.size);
    return segment;
  });
  const textAt = (start: number) => {
    const end = bytes.indexOf(0, start);
    return Buffer.from(bytes.subarray(start, end < 0 ? bytes.length : end)).toString('latin1');
  };
  const interpreter = segments.find(({ type }) => type === INTERPRETER);
  const entries = dynamicEntries(segments, word);
  const strings = entries.find(([tag]) => tag === TAG_STRINGS)?.[1] ?? 0;
  const home = segments.find(
    ({ type, address, size }) => type === LOAD && address <= strings && strings < address + size,
  );
  const needed = entries.filter(([tag]) => tag === TAG_NEEDED);
  if (needed.length > 0 && home === undefined) throw mismatch(name, 'its table of names lies nowhere');
  const stringsAt = home === undefined ? 0 : strings - home.address + home.offset;
  return {
    machine: view.getUint16(18, true),
    interpreter: interpreter === undefined ? undefined : textAt(interpreter.offset),
    needed: needed.map(([, at]) => textAt(stringsAt + at)),
  };
}

/** Tag and value of each entry of the dynamic section, up to its end mark. */
function dynamicEntries(
  segments: readonly Segment[],
  word: (at: number) => number,
): readonly (readonly [number, number])[] {
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (dynamic === undefined) return [];
  const entries = Array.from({ length: Math.floor(dynamic.size / 16) }, (_, at) => {
    const start = dynamic.offset + at * 16;
    return [word(start), word(start + 8)] as const;
  });
  const end = entries.findIndex(([tag]) => tag === 0);
  return end < 0 ? entries : entries.slice(0, end);
}

function mismatch(name: string, why: string): Error {
  return ociFault({
    code: 'runtime/mismatch',
    message: `${name} can't be used in an image: ${why}.`,
    hint: 'Run it again; if that does not help, the download source has another file under this name.',
  });
}
