/** Looks at files, each one once, and walks what a `FileSelection` names. Reads no content. */

import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { messageOf, systemCodeOf } from '../kernel/fault.ts';
import { pipelineFault } from './pipeline-fault.ts';
import { signatureOf } from './stat-signature.ts';
import type { FileSelection } from './task.ts';

export type FileNode =
  | { readonly kind: 'file'; readonly stats: BigIntStats; readonly signature: string }
  /** `leadsTo` is what stands at its end: a symbolic link counts with its text and with what is read through it. */
  | { readonly kind: 'link'; readonly target: string; readonly leadsTo: FileNode }
  | { readonly kind: 'folder'; readonly names: readonly string[] }
  /** A socket, a pipe or a device: that it is there counts, it is never read. */
  | { readonly kind: 'special' }
  | { readonly kind: 'absent' };

export interface FileView {
  /** What a selection names, by path relative to the folder: files, links, empty folders and absent paths, sorted. */
  list(selection: FileSelection): ReadonlyMap<string, FileNode>;
}

/** Whatever was looked at once is not looked at again: one view is one moment of `folder`. */
export function createFileView(folder: string): FileView {
  const nodes = new Map<string, FileNode>();

  const nodeAt = (path: string): FileNode => {
    const known = nodes.get(path);
    if (known) return known;
    const node = look(path);
    nodes.set(path, node);
    return node;
  };

  const walk = (path: string, entered: readonly string[], visit: Visit): void => {
    const absolute = join(folder, path);
    const node = nodeAt(absolute);
    const end = node.kind === 'link' ? node.leadsTo : node;
    if (node.kind !== 'folder') visit.found.set(path, node);
    if (end.kind !== 'folder') return;
    const inside = node.kind === 'link' ? enter(absolute, entered) : entered;
    if (inside === undefined) return;
    const names = end.names.filter((name) => !visit.exclude.has(name));
    if (names.length === 0) visit.found.set(path, node);
    for (const name of names) walk(path === '.' ? name : `${path}/${name}`, inside, visit);
  };

  return {
    list({ include, exclude }) {
      const visit = { exclude: new Set(exclude), found: new Map<string, FileNode>() };
      for (const path of include) walk(cleaned(path), [], visit);
      return new Map([...visit.found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    },
  };
}

interface Visit {
  readonly exclude: ReadonlySet<string>;
  readonly found: Map<string, FileNode>;
}

function look(path: string): FileNode {
  try {
    const stats = lstatSync(path, { bigint: true });
    if (!stats.isSymbolicLink()) return nodeOf(path, stats);
    return { kind: 'link', target: readlinkSync(path), leadsTo: lookThrough(path) };
  } catch (error) {
    if (isAbsence(error)) return { kind: 'absent' };
    throw pipelineFault({
      code: 'pipeline/unreadable-input',
      message: `${path} can't be looked at: ${messageOf(error)}.`,
      hint: 'Make it readable, or leave it out of what the pipeline reads.',
      cause: error,
    });
  }
}

function lookThrough(link: string): FileNode {
  try {
    return nodeOf(link, statSync(link, { bigint: true }));
  } catch (error) {
    if (isAbsence(error) || systemCodeOf(error) === 'ELOOP') return { kind: 'absent' };
    throw error;
  }
}

function nodeOf(path: string, stats: BigIntStats): FileNode {
  if (stats.isFile()) return { kind: 'file', stats, signature: signatureOf(stats) };
  return stats.isDirectory() ? { kind: 'folder', names: readdirSync(path) } : { kind: 'special' };
}

function isAbsence(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The real folders entered through links so far and this one, or `undefined` when that would go round in a circle. */
function enter(link: string, entered: readonly string[]): readonly string[] | undefined {
  const real = realpathSync(link);
  const from = realpathSync(dirname(link));
  const encloses = from === real || from.startsWith(real.endsWith(sep) ? real : real + sep);
  return encloses || entered.includes(real) ? undefined : [...entered, real];
}

function cleaned(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..')) {
    throw pipelineFault({
      code: 'pipeline/malformed-task',
      message: `${JSON.stringify(path)} does not lie below the project folder, so it can't be an input.`,
      hint: 'Name inputs by paths relative to the project folder.',
    });
  }
  return parts.length === 0 ? '.' : parts.join('/');
}
