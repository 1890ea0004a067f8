/** Digests of files by what the file system says about them: why a run that has nothing to do reads no input file. */

import { existsSync } from 'node:fs';
import { type Digest, isDigest } from '../kernel/digest.ts';
import { readSealed, writeSealed } from './sealed-file.ts';

/** Absent, damaged or overwritten by another process it costs hashing, never a wrong digest. */
export interface StatIndex {
  digestOf(path: string, signature: string): Digest | undefined;
  /** Only for files that were settled when they were hashed (see stat-signature.ts). Paths are absolute. */
  record(path: string, signature: string, digest: Digest): void;
  /** Writes it if anything was recorded, without files that are gone. */
  save(): void;
}

interface IndexEntry {
  readonly signature: string;
  readonly digest: Digest;
}

export function openStatIndex(file: string): StatIndex {
  const entries = load(file);
  const fresh = new Set<string>();
  return {
    digestOf(path, signature) {
      const entry = entries.get(path);
      return entry?.signature === signature ? entry.digest : undefined;
    },
    record(path, signature, digest) {
      entries.set(path, { signature, digest });
      fresh.add(path);
    },
    save() {
      if (fresh.size === 0) return;
      for (const path of entries.keys()) if (!fresh.has(path) && !existsSync(path)) entries.delete(path);
      fresh.clear();
      writeSealed(file, JSON.stringify([...entries].map(([path, { signature, digest }]) => [path, signature, digest])));
    },
  };
}

function load(file: string): Map<string, IndexEntry> {
  const entries = new Map<string, IndexEntry>();
  const sealed = readSealed(file);
  if (typeof sealed === 'string') return entries;
  const rows: unknown = JSON.parse(sealed.content);
  for (const row of Array.isArray(rows) ? (rows as readonly unknown[]) : []) {
    if (!Array.isArray(row)) continue;
    const [path, signature, digest] = row as readonly unknown[];
    if (typeof path === 'string' && typeof signature === 'string' && typeof digest === 'string' && isDigest(digest)) {
      entries.set(path, { signature, digest });
    }
  }
  return entries;
}
