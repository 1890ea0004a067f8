/** A result that another machine made: taken only when it is what one of ours could have made, and can do no harm. */

import { type Digest, digestOfJson, isDigest, type Json } from '../kernel/digest.ts';
import type { KeptResult } from './cache-records.ts';
import type { OutputTree } from './output-tree.ts';
import { unsealed } from './sealed-file.ts';

/** The result in a sealed record; `undefined` when it is damaged, of another shape, or its tree leads out of itself. */
export function readForeignResult(text: string): KeptResult | undefined {
  const content = unsealed(text);
  if (content === undefined) return undefined;
  const result = parsed(content);
  if (!isRecord(result)) return undefined;
  const { task, value, summary, tree, content: digest, ranAt, duration } = result;
  if (typeof task !== 'string' || typeof summary !== 'string' || value === undefined) return undefined;
  if (typeof ranAt !== 'number' || typeof duration !== 'number' || !isTree(tree)) return undefined;
  // What JSON.parse gives is JSON.
  const json = value as Json;
  if (digest !== digestOfJson({ value: json, tree })) return undefined;
  // In the order of our own records, so that what is handed on has the same bytes as what was handed over.
  return { task, value: json, summary, ranAt, duration, tree, content: digest };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Sorted, without a path that lies below another one, and without a link that leads out. */
function isTree(tree: unknown): tree is OutputTree {
  if (!Array.isArray(tree)) return false;
  let before = '';
  const taken = new Set<string>();
  for (const entry of tree as readonly unknown[]) {
    if (!isRecord(entry) || typeof entry['path'] !== 'string' || !isEntry(entry, entry['path'])) return false;
    const { path } = entry;
    if (path <= before || ancestorsOf(path).some((ancestor) => taken.has(ancestor))) return false;
    before = path;
    taken.add(path);
  }
  return true;
}

function isEntry(entry: Readonly<Record<string, unknown>>, path: string): boolean {
  const parts = path.split('/');
  if (path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) return false;
  switch (entry['kind']) {
    case 'file':
      return (
        isDigestText(entry['digest']) &&
        Number.isSafeInteger(entry['size']) &&
        Number(entry['size']) >= 0 &&
        typeof entry['executable'] === 'boolean' &&
        Object.keys(entry).length === 5
      );
    case 'link':
      return typeof entry['target'] === 'string' && staysInside(parts.length - 1, entry['target']);
    case 'folder':
      return true;
    default:
      return false;
  }
}

/**
 * `..` only at the beginning, where it leads up through true folders: after a name it could follow another link's end.
 * `depth`: folders above the link in the tree.
 */
function staysInside(depth: number, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const ups = parts.findIndex((part) => part !== '..');
  const leading = ups < 0 ? parts.length : ups;
  return leading <= depth && !parts.slice(leading).includes('..');
}

function ancestorsOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function isDigestText(value: unknown): value is Digest {
  return typeof value === 'string' && isDigest(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
