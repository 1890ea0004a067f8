/** `slipway doctor`: reads files, holds each rule against them, and changes nothing. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf, systemCodeOf } from '../../kernel/fault.ts';
import { type Finding, findingOf } from './finding.ts';
import { findFiles, kindOfNamed } from './find-files.ts';
import { RULES } from './rules.ts';
import { createSourceFile, type SourceFile } from './source-file.ts';

export interface Examination {
  /** What was looked at, in order. */
  readonly files: readonly string[];
  /** By file, then in the order of the text. */
  readonly findings: readonly Finding[];
  /** What could not be looked at, and why: the end of a sentence that begins with the file. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
}

export interface ExamineOptions {
  /** Where relative paths begin. */
  readonly folder: string;
  /** Files and folders; none: those of the repository around the folder. */
  readonly paths: readonly string[];
}

export function examine({ folder, paths }: ExamineOptions): Examination {
  const unreadable: { file: string; reason: string }[] = [];
  const files = paths.length === 0 ? found(repositoryOf(folder), folder) : named(folder, paths, unreadable);
  const looked = files.flatMap((path) => {
    try {
      const text = readFileSync(resolve(folder, path), 'utf8');
      const kind = kindOfNamed(path, text);
      if (kind === null) throw new Error('is no file of a CI system that is known here');
      return [createSourceFile(path, kind, text)];
    } catch (error) {
      unreadable.push({ file: path, reason: reasonOf(error) });
      return [];
    }
  });
  for (const { path, kind, yaml } of looked) {
    // Templates of objects are often no YAML yet, and what is in them is looked at as text.
    if ((kind === 'github' || kind === 'gitlab') && yaml === null)
      unreadable.push({ file: path, reason: 'is no YAML' });
  }
  return { files: looked.map(({ path }) => path), findings: looked.flatMap(findingsIn), unreadable };
}

/** In the order of the text. */
export function findingsIn(file: SourceFile): readonly Finding[] {
  const findings = RULES.filter(({ kinds }) => kinds.includes(file.kind)).flatMap((rule) =>
    [...rule.find(file)].map((hit) => findingOf(rule, hit, file)),
  );
  return findings.sort((a, b) => a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1));
}

function found(repository: string, folder: string): readonly string[] {
  const below = repository === folder ? '' : repository;
  return findFiles(repository).map((path) => (below === '' ? path : join(below, path)));
}

function named(
  folder: string,
  paths: readonly string[],
  unreadable: { file: string; reason: string }[],
): readonly string[] {
  return paths.flatMap((path) => {
    try {
      const whole = resolve(folder, path);
      return statSync(whole).isDirectory() ? findFiles(whole).map((file) => join(path, file)) : [path];
    } catch (error) {
      unreadable.push({ file: path, reason: reasonOf(error) });
      return [];
    }
  });
}

/** The nearest folder around this one that git knows; else this one. */
function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return folder;
  }
}

function reasonOf(error: unknown): string {
  if (systemCodeOf(error) === 'ENOENT') return 'is not there';
  return systemCodeOf(error) === undefined ? messageOf(error) : `can't be read: ${messageOf(error)}`;
}
