/** The project's files at the moment a run begins, as fingerprints see them. */

import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { hexOf, sha256FileSync } from '../kernel/digest.ts';
import { messageOf } from '../kernel/fault.ts';
import { createFileView, type FileNode } from './file-view.ts';
import { pipelineFault } from './pipeline-fault.ts';
import type { StatIndex } from './stat-index.ts';
import { isSettled } from './stat-signature.ts';
import type { FileSelection } from './task.ts';

/** What of a file enters a fingerprint, as text: `file 644 HEX`, `link TARGET → …`, `folder`, `special`, `absent`. */
export type FileState = string;

export interface ProjectFiles {
  /** By path relative to the project folder, sorted. */
  statesOf(selection: FileSelection): Readonly<Record<string, FileState>>;
  /**
   * The first path of the selection that is not untouched since the run began: written (even with what was there
   * before), replaced, new or gone. `undefined` when a task that read them has read what the fingerprint says.
   */
  touched(selection: FileSelection): string | undefined;
}

export interface ProjectFilesOptions {
  readonly project: string;
  readonly index: StatIndex;
  readonly clock: Clock;
}

export function viewProjectFiles({ project, index, clock }: ProjectFilesOptions): ProjectFiles {
  const view = createFileView(project);
  const states = new Map<FileNode, FileState>();

  const stateOf = (node: FileNode, path: string): FileState => {
    switch (node.kind) {
      case 'file':
        return `file ${(node.stats.mode & 0o777n).toString(8)} ${hexOf(digestOf(node, join(project, path)))}`;
      case 'link':
        return `link ${node.target} → ${node.leadsTo.kind === 'folder' ? 'folder' : stateOf(node.leadsTo, path)}`;
      case 'folder':
      case 'special':
      case 'absent':
        return node.kind;
    }
  };

  const digestOf = (node: Extract<FileNode, { kind: 'file' }>, path: string) => {
    const known = index.digestOf(path, node.signature);
    if (known) return known;
    const now = clock.wall();
    const digest = hashed(path);
    if (isSettled(node.stats, now)) index.record(path, node.signature, digest);
    return digest;
  };

  const selected = new Map<string, Readonly<Record<string, FileState>>>();
  return {
    statesOf(selection) {
      // Most tasks of a toolchain read the same files.
      const key = JSON.stringify([selection.include, selection.exclude]);
      const known = selected.get(key);
      if (known) return known;
      const entries: [string, FileState][] = [];
      for (const [path, node] of view.list(selection)) {
        const state = states.get(node) ?? stateOf(node, path);
        states.set(node, state);
        entries.push([path, state]);
      }
      const result = Object.fromEntries(entries);
      selected.set(key, result);
      return result;
    },
    touched(selection) {
      const before = view.list(selection);
      const now = createFileView(project).list(selection);
      for (const path of new Set([...before.keys(), ...now.keys()])) {
        if (evidenceOf(before.get(path)) !== evidenceOf(now.get(path))) return path;
      }
      return undefined;
    },
  };
}

function evidenceOf(node: FileNode | undefined): string {
  if (node === undefined) return '';
  if (node.kind === 'file') return `file ${node.stats.mode} ${node.signature}`;
  return node.kind === 'link' ? `link ${node.target} → ${evidenceOf(node.leadsTo)}` : node.kind;
}

function hashed(path: string) {
  try {
    return sha256FileSync(path);
  } catch (error) {
    throw pipelineFault({
      code: 'pipeline/unreadable-input',
      message: `The input ${path} can't be read: ${messageOf(error)}.`,
      hint: 'Make it readable, or leave it out of what the pipeline reads.',
      cause: error,
    });
  }
}
