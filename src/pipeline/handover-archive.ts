/**
 * The file in which one job hands results to the next: a tar archive with part of a cache, by the cache's own names. It is
 * read by what its writer must have written: every header byte is known once name and size are, so nothing else gets in,
 * and no name in it can lead anywhere.
 */

import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { randomIdentifier } from '../kernel/random.ts';
import { TAR_BLOCK, TAR_MAX_SIZE, tarPadding, ustarHeader } from '../kernel/ustar.ts';

/** `objects/ab/cdef…` (with `.x` appended when executable) or `results/<fingerprint>`. */
const NAME = /^(?:objects\/([0-9a-f]{2})\/([0-9a-f]{62})(\.x)?|results\/([0-9a-f]{64}))$/;

export interface ArchiveFile {
  readonly name: string;
  readonly content: { readonly path: string; readonly size: number } | string;
}

export interface ArchiveVisitor {
  /** Where the content of an object is to be put; `undefined`: it is there already. */
  target(object: ArchiveObject): string | undefined;
  /** It is at `path` now, which is gone afterwards: whoever wants it moves it away. */
  object(object: ArchiveObject, path: string): void;
  /** The text of a record. */
  result(hex: string, text: string): void;
}

/** What the archive says about an object: its content was not looked at. */
export interface ArchiveObject {
  readonly hex: string;
  /** Bytes. */
  readonly size: number;
  readonly executable: boolean;
}

/** Many times what images with their runtimes take (about 100 MiB). */
const LARGEST_ARCHIVE = 4 * 1024 ** 3;
const LARGEST_RECORD = 16 * 1024 ** 2;
const PIECE = 1 << 20;

/** Writes all or nothing, in the order given: a reader sees the old archive or the new one. Returns its size. */
export function writeArchive(path: string, files: readonly ArchiveFile[]): number {
  mkdirSync(dirname(path), { recursive: true });
  // Not `*.tar`, so that nobody takes it for one before it is whole.
  const temporary = join(dirname(path), `.${basename(path)}.${randomIdentifier(12)}.tmp`);
  const archive = openSync(temporary, 'wx', 0o644);
  try {
    for (const file of files) writeEntry(archive, file);
    writeSync(archive, Buffer.alloc(2 * TAR_BLOCK));
    const { size } = fstatSync(archive);
    renameSync(temporary, path);
    return size;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(archive);
  }
}

function writeEntry(archive: number, { name, content }: ArchiveFile): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : undefined;
  const size = bytes?.length ?? (typeof content === 'string' ? 0 : content.size);
  if (size >= TAR_MAX_SIZE) throw new RangeError(`${name} is too large for an archive`);
  writeSync(archive, headerOf(name, size));
  if (bytes !== undefined) writeAll(archive, bytes);
  else if (typeof content !== 'string') copyInto(archive, content);
  writeSync(archive, tarPadding(size));
}

function copyInto(archive: number, { path, size }: { readonly path: string; readonly size: number }): void {
  const source = openSync(path, 'r');
  try {
    let left = size;
    const piece = Buffer.allocUnsafe(Math.min(PIECE, Math.max(1, size)));
    while (left > 0) {
      const length = readSync(source, piece, 0, Math.min(piece.length, left), null);
      if (length === 0) throw new Error(`${path} has become shorter while it was read`);
      writeAll(archive, piece.subarray(0, length));
      left -= length;
    }
  } finally {
    closeSync(source);
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

function headerOf(name: string, size: number): Buffer {
  const mode = name.endsWith('.x') ? 0o755 : 0o644;
  return ustarHeader({ name, prefix: '', mode, size, type: '0', target: '' });
}

/**
 * Shows `visitor` what is in the archive, in its order, up to where it is no archive of ours any more: what is wrong
 * there, or `null` when it is whole.
 */
export function readArchive(path: string, visitor: ArchiveVisitor): string | null {
  const archive = openSync(path, 'r');
  try {
    const stats = fstatSync(archive);
    if (!stats.isFile()) return 'it is no file';
    if (stats.size > LARGEST_ARCHIVE) return `it is larger than ${LARGEST_ARCHIVE / 1024 ** 3} GiB`;
    return readEntries({ archive, end: stats.size }, visitor);
  } finally {
    closeSync(archive);
  }
}

interface Source {
  readonly archive: number;
  /** Bytes. */
  readonly end: number;
}

function readEntries(source: Source, visitor: ArchiveVisitor): string | null {
  const header = Buffer.alloc(TAR_BLOCK);
  for (let at = 0; ;) {
    if (!readFully(source, header, at)) return `it ends at byte ${source.end}, too early`;
    if (header.every((byte) => byte === 0)) return checkEnd(source, at);
    const found = entryOf(header);
    if (found === undefined) return `at byte ${at} is no entry of ours`;
    const start = at + TAR_BLOCK;
    const next = start + found.size + tarPadding(found.size).length;
    if (next > source.end) return `it ends at byte ${source.end}, in the middle of ${found.name}`;
    const wrong = readContent(source, { found, start }, visitor);
    if (wrong !== null) return wrong;
    if (!isZero(source, start + found.size, next)) return `after ${found.name} is something that does not belong there`;
    at = next;
  }
}

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly object: ArchiveObject | null;
  /** Of a record. */
  readonly hex: string;
}

function entryOf(header: Buffer): Entry | undefined {
  const name = header.toString('latin1', 0, 100).replace(/\0.*$/s, '');
  const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
  const parts = NAME.exec(name);
  if (parts === null || !Number.isSafeInteger(size) || !headerOf(name, size).equals(header)) return undefined;
  const [, folder, rest, mark, record] = parts;
  if (record !== undefined) return { name, size, object: null, hex: record };
  const hex = `${folder}${rest}`;
  return { name, size, object: { hex, size, executable: mark !== undefined }, hex };
}

function readContent(
  source: Source,
  { found, start }: { readonly found: Entry; readonly start: number },
  visitor: ArchiveVisitor,
): string | null {
  const { object, name, size, hex } = found;
  if (object === null) {
    if (size > LARGEST_RECORD) return `${name} is too large for a record`;
    const bytes = Buffer.alloc(size);
    if (!readFully(source, bytes, start)) return SHRUNK;
    visitor.result(hex, bytes.toString('utf8'));
    return null;
  }
  const target = visitor.target(object);
  if (target === undefined) return null;
  const mode = object.executable ? 0o700 : 0o600;
  try {
    if (!copyOut(source, { target, mode, start, size })) return SHRUNK;
    visitor.object(object, target);
    return null;
  } finally {
    // Whole, the visitor has moved it away; else nobody knows its name.
    rmSync(target, { force: true });
  }
}

interface Part {
  readonly target: string;
  readonly mode: number;
  /** Bytes, as `size`. */
  readonly start: number;
  readonly size: number;
}

/** Whether all of it was there. */
function copyOut(source: Source, { target, mode, start, size }: Part): boolean {
  const file = openSync(target, 'wx', mode);
  try {
    const piece = Buffer.allocUnsafe(Math.min(PIECE, Math.max(1, size)));
    for (let done = 0; done < size;) {
      const part = piece.subarray(0, Math.min(piece.length, size - done));
      if (!readFully(source, part, start + done)) return false;
      writeAll(file, part);
      done += part.length;
    }
    return true;
  } finally {
    closeSync(file);
  }
}

const SHRUNK = 'it became shorter while it was read';

/** Two empty blocks and nothing more. */
function checkEnd(source: Source, at: number): string | null {
  if (source.end !== at + 2 * TAR_BLOCK) return `after byte ${at} it goes on, or is cut`;
  return isZero(source, at, source.end) ? null : `after byte ${at} is something that does not belong there`;
}

function isZero(source: Source, from: number, to: number): boolean {
  const bytes = Buffer.alloc(to - from);
  return readFully(source, bytes, from) && bytes.every((byte) => byte === 0);
}

function readFully({ archive }: Source, into: Buffer, at: number): boolean {
  for (let done = 0; done < into.length;) {
    const length = readSync(archive, into, done, into.length - done, at + done);
    if (length === 0) return false;
    done += length;
  }
  return true;
}
