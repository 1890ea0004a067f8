/**
 * Writes tar archives (POSIX.1-2017 pax, ustar headers) whose bytes depend on nothing but the entries: sorted, owned by
 * root, dated at the epoch, modes from a fixed set. It is ours because no library promises its bytes.
 */

import { Buffer } from 'node:buffer';
import { TAR_BLOCK, TAR_MAX_SIZE, tarPadding, ustarHeader } from '../kernel/ustar.ts';

export type TarEntry =
  | { readonly kind: 'file'; readonly path: string; readonly content: Uint8Array; readonly executable?: boolean }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

interface Header {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  readonly type: '0' | '2' | '5' | 'x';
  readonly target: string;
}

/**
 * The archive, in order of the bytes of the paths, with every parent folder (mode 0755). Files are 0644 or 0755.
 * Paths are relative, `/`-separated, without `.`, `..` or empty parts.
 */
export function writeTar(entries: readonly TarEntry[]): Uint8Array {
  const byPath = new Map<string, TarEntry | 'folder'>();
  for (const entry of entries) {
    checkPath(entry.path);
    if (byPath.has(entry.path)) throw new TypeError(`two entries are called ${entry.path}`);
    byPath.set(entry.path, entry);
  }
  for (const { path } of entries) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if ((byPath.get(parent) ?? 'folder') !== 'folder')
        throw new TypeError(`${parent} is no folder, but holds ${path}`);
      byPath.set(parent, 'folder');
    }
  }
  const sorted = [...byPath].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const pieces = sorted.flatMap(([path, entry]) => piecesOf(path, entry));
  // Two empty blocks end an archive; no more are written, whatever record size other programs pad to.
  return Buffer.concat([...pieces, Buffer.alloc(2 * TAR_BLOCK)]);
}

function checkPath(path: string): void {
  const bad = path.split('/').some((part) => part === '' || part === '.' || part === '..');
  if (bad || path.includes('\0')) throw new TypeError(`not a path for an archive: ${JSON.stringify(path)}`);
}

function piecesOf(path: string, entry: TarEntry | 'folder'): readonly Uint8Array[] {
  if (entry === 'folder') return headersOf({ path: `${path}/`, mode: 0o755, size: 0, type: '5', target: '' });
  if (entry.kind === 'link') return headersOf({ path, mode: 0o777, size: 0, type: '2', target: entry.target });
  const { content, executable = false } = entry;
  if (content.length >= TAR_MAX_SIZE) throw new TypeError(`${path} is too large for an archive`);
  const mode = executable ? 0o755 : 0o644;
  const header = headersOf({ path, mode, size: content.length, type: '0', target: '' });
  return [...header, content, tarPadding(content.length)];
}

/** The ustar header, after a pax one when a name is too long or not ASCII. */
function headersOf(header: Header): readonly Uint8Array[] {
  const place = placeOf(header.path);
  const longTarget = !fits(header.target, 100);
  if (place && !longTarget) return [ustarHeader({ ...header, ...place })];
  const records = `${place ? '' : record('path', header.path)}${longTarget ? record('linkpath', header.target) : ''}`;
  const content = Buffer.from(records);
  const pax: Header = { path: 'pax', mode: 0o644, size: content.length, type: 'x', target: '' };
  return [
    ustarHeader({ ...pax, name: 'pax', prefix: '' }),
    content,
    tarPadding(content.length),
    ustarHeader({
      ...header,
      ...(place ?? { name: 'see-pax', prefix: '' }),
      target: longTarget ? '' : header.target,
    }),
  ];
}

interface Place {
  readonly name: string;
  readonly prefix: string;
}

/** How a path fits the fields `name` (100 bytes) and `prefix` (155), `undefined` when it does not. */
function placeOf(path: string): Place | undefined {
  if (fits(path, 100)) return { name: path, prefix: '' };
  for (let cut = path.indexOf('/'); cut >= 0 && cut <= 155; cut = path.indexOf('/', cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (name !== '' && fits(name, 100) && fits(prefix, 155)) return { name, prefix };
  }
  return undefined;
}

function fits(text: string, bytes: number): boolean {
  return text.length <= bytes && /^[\u0020-\u007e]*$/.test(text);
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}
