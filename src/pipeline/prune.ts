/**
 * Keeps the cache within a size. Safe beside running pipelines: records go before the files they name, and nothing
 * goes that was made or used within `GRACE`. Should a race take a file of a new result all the same, that result is a
 * miss when it is looked up.
 */

import { lstatSync, rmSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import type { Digest } from '../kernel/digest.ts';
import { namesIn } from '../kernel/workspace.ts';
import { type KeptResult, readLastRun, readResult } from './cache-records.ts';
import { objectName } from './object-store.ts';
import { treeName } from './output-tree.ts';

export interface Pruned {
  /** Results that are no longer kept. */
  readonly results: number;
  /** Bytes of the objects that were removed. */
  readonly freed: number;
  /** Bytes of the objects that are left: more than was asked for when so much was used within the last two hours. */
  readonly left: number;
}

export interface PruneOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** What the outputs of all kept results may take together. */
  readonly maxBytes: number;
}

/** Longer than a used result goes without being marked, and than an object that is used again goes unrefreshed. */
const GRACE = 2 * 3_600_000;

/** Longer than a task of another machine can still be at work. */
const ABANDONED = 24 * 3_600_000;

/** How long the report can say what has changed since a task ran last, and an idle project's inputs are remembered. */
const REMEMBERED = 60 * 24 * 3_600_000;

export function pruneCache({ folder, clock, maxBytes }: PruneOptions): Pruned {
  const now = clock.wall();
  const idle = (stats: Stats): number => now - Math.max(stats.mtimeMs, stats.ctimeMs);
  for (const note of [...filesBelow(folder, 'last'), ...filesBelow(folder, 'index')]) {
    if (idle(note.stats) > REMEMBERED) rmSync(note.path, { force: true });
  }
  const { kept, removed } = pruneResults(folder, { now, maxBytes });
  const live = liveObjects(folder, kept);
  const trees = new Set(kept.map(({ tree }) => treeName(tree)));
  for (const parent of ['trees', 'work', 'incoming']) {
    for (const name of namesIn(join(folder, parent))) {
      const path = join(folder, parent, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      const allowed = parent === 'trees' ? GRACE : ABANDONED;
      if (stats && idle(stats) > allowed && !(parent === 'trees' && trees.has(name))) rmSync(path, { recursive: true });
    }
  }
  let [freed, left] = [0, 0];
  for (const { path, name, stats } of filesBelow(folder, 'objects')) {
    // An object's modification time is the same for all; its change time says when it was stored or used again.
    if (live.has(name) || now - stats.ctimeMs <= GRACE) left += stats.size;
    else {
      freed += stats.size;
      rmSync(path, { force: true });
      rmSync(join(folder, 'verified', name), { force: true });
    }
  }
  return { results: removed, freed, left };
}

/** Removes the records of the results that were used least recently. */
function pruneResults(folder: string, { now, maxBytes }: { now: number; maxBytes: number }) {
  const records = filesBelow(folder, 'results').sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs);
  const counted = new Set<string>();
  const kept: (KeptResult & { readonly fingerprint: Digest })[] = [];
  let total = 0;
  let removed = 0;
  for (const { path, name, stats } of records) {
    const result = readResult(path);
    const files = typeof result === 'string' ? [] : result.tree.filter(({ kind }) => kind === 'file');
    for (const file of files) {
      if (file.kind !== 'file' || counted.has(objectName(file))) continue;
      counted.add(objectName(file));
      total += file.size;
    }
    const stays = typeof result !== 'string' && (total <= maxBytes || now - stats.mtimeMs <= GRACE);
    // Somebody may have used it in the meantime, which is seen by its time.
    if (stays || statSync(path, { throwIfNoEntry: false })?.mtimeMs !== stats.mtimeMs) {
      if (typeof result !== 'string') kept.push({ ...result, fingerprint: `sha256:${name}` });
    } else {
      rmSync(path, { force: true });
      removed += 1;
    }
  }
  return { kept, removed };
}

function liveObjects(folder: string, kept: readonly (KeptResult & { fingerprint: Digest })[]): ReadonlySet<string> {
  const fingerprints = [
    ...kept.map(({ fingerprint }) => fingerprint),
    ...filesBelow(folder, 'last').flatMap(({ path }) => readLastRun(path)?.fingerprint ?? []),
  ];
  return new Set([
    ...kept.flatMap(({ tree }) => tree.flatMap((entry) => (entry.kind === 'file' ? [objectName(entry)] : []))),
    ...fingerprints.map((digest) => objectName({ digest, executable: false })),
  ]);
}

interface FoundFile {
  readonly path: string;
  /** Relative to the folder that was searched. */
  readonly name: string;
  readonly stats: Stats;
}

function filesBelow(folder: string, part: string): FoundFile[] {
  const found: FoundFile[] = [];
  const walk = (path: string, name: string): void => {
    for (const inner of namesIn(path)) {
      const below = { path: join(path, inner), name: name === '' ? inner : `${name}/${inner}` };
      const stats = lstatSync(below.path, { throwIfNoEntry: false });
      if (stats?.isDirectory()) walk(below.path, below.name);
      else if (stats) found.push({ ...below, stats });
    }
  };
  walk(join(folder, part), '');
  return found;
}
