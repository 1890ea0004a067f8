/** What a task left in its output folder, as a list by content; and back again as a folder for those who need it. */

import { lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { digestOfJson, hexOf } from '../kernel/digest.ts';
import { systemCodeOf } from '../kernel/fault.ts';
import { namesIn } from '../kernel/workspace.ts';
import { randomIdentifier } from '../kernel/random.ts';
import type { ObjectStore, StoredFile } from './object-store.ts';
import { pipelineFault } from './pipeline-fault.ts';

/** Sorted by path. Folders are listed only when they are empty; of the mode only executability is kept. */
export type OutputTree = readonly TreeEntry[];

type TreeEntry =
  | ({ readonly path: string; readonly kind: 'file' } & StoredFile)
  /** A symbolic link to something else in the tree. */
  | { readonly path: string; readonly kind: 'link'; readonly target: string }
  | { readonly path: string; readonly kind: 'folder' };

/** Moves all files of `folder` into the store. */
export function keepTree(folder: string, store: ObjectStore): OutputTree {
  return list(folder).map(({ path, kind }): TreeEntry => {
    const absolute = join(folder, path);
    switch (kind) {
      case 'file':
        return { path, kind, ...store.put(absolute) };
      case 'link':
        return { path, kind, target: innerTarget(path, readlinkSync(absolute)) };
      case 'folder':
        return { path, kind };
      case 'special':
        throw pipelineFault({
          code: 'pipeline/output-refused',
          message: `The output holds ${path}, which is neither a file nor a folder nor a symbolic link.`,
          hint: 'Leave only files in the output folder.',
        });
    }
  });
}

export interface OpenTreeOptions {
  readonly store: ObjectStore;
  /** The folder that holds opened trees, named by their digest. */
  readonly trees: string;
  readonly clock: Clock;
}

/**
 * The tree as a folder below `trees`, made of the store's own files: read only. Made at the first call; later calls
 * check that it is still whole, and make it again if not.
 *
 * @throws Fault `pipeline/output-damaged` when the store no longer has what the tree names.
 */
export function openTree(tree: OutputTree, { store, trees, clock }: OpenTreeOptions): string {
  const folder = join(trees, treeName(tree));
  for (const entry of tree) {
    if (entry.kind !== 'file' || store.verify(entry) === 'sound') continue;
    throw pipelineFault({
      code: 'pipeline/output-damaged',
      message: `The kept output ${entry.path} was changed or removed while it was in use.`,
      hint: 'Run again: it is made anew.',
    });
  }
  if (isWhole(tree, store, folder)) {
    // When it was last opened, for prune.ts.
    utimesSync(folder, clock.wall() / 1000, clock.wall() / 1000);
    return folder;
  }
  const temporary = `${folder}.${randomIdentifier(12)}.tmp`;
  build(tree, store, temporary);
  if (!moved(temporary, folder)) {
    // Either another process was quicker, and somebody may read there already, or what is there is damaged.
    const damaged = `${temporary}.old`;
    if (!isWhole(tree, store, folder) && moved(folder, damaged)) moved(temporary, folder);
    for (const rest of [temporary, damaged]) rmSync(rest, { recursive: true, force: true });
  }
  return folder;
}

/** Renames a folder unless there is one with something in it (or, when another process was quicker, nothing to rename). */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCodeOf(error) ?? '')) return false;
    throw error;
  }
}

/** The name of an opened tree's folder. */
export function treeName(tree: OutputTree): string {
  return hexOf(digestOfJson(tree));
}

function build(tree: OutputTree, store: ObjectStore, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const entry of tree) {
    const target = join(folder, entry.path);
    mkdirSync(entry.kind === 'folder' ? target : dirname(target), { recursive: true });
    if (entry.kind === 'file') store.expose(entry, target);
    if (entry.kind === 'link') symlinkSync(entry.target, target);
  }
}

function isWhole(tree: OutputTree, store: ObjectStore, folder: string): boolean {
  const present = list(folder);
  return (
    statSync(folder, { throwIfNoEntry: false }) !== undefined &&
    present.length === tree.length &&
    tree.every((entry, index) => {
      const found = present[index];
      if (found?.path !== entry.path || found.kind !== entry.kind) return false;
      if (entry.kind === 'file') return store.isExposedAt(entry, join(folder, entry.path));
      return entry.kind === 'folder' || readlinkSync(join(folder, entry.path)) === entry.target;
    })
  );
}

interface Listed {
  readonly path: string;
  readonly kind: 'file' | 'link' | 'folder' | 'special';
}

/** Everything below `folder` but folders that are not empty, sorted by path; nothing when there is no such folder. */
function list(folder: string): readonly Listed[] {
  const found: Listed[] = [];
  const walk = (path: string): void => {
    for (const name of namesIn(join(folder, path))) {
      const inner = path === '' ? name : `${path}/${name}`;
      const stats = lstatSync(join(folder, inner));
      if (stats.isDirectory()) {
        if (namesIn(join(folder, inner)).length === 0) found.push({ path: inner, kind: 'folder' });
        walk(inner);
      } else {
        found.push({ path: inner, kind: stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'link' : 'special' });
      }
    }
  };
  walk('');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function innerTarget(path: string, target: string): string {
  const end = normalize(join(dirname(path), target));
  if (!target.startsWith('/') && end !== '..' && !end.startsWith('../')) return target;
  throw pipelineFault({
    code: 'pipeline/output-refused',
    message: `The output holds a symbolic link ${path} that leads out of it, to ${target}.`,
    hint: 'Copy what it leads to into the output folder.',
  });
}
