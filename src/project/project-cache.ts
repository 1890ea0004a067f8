/**
 * Projects that were parsed before. Parsing needs zod and yaml, whose loading alone takes longer than all else that a
 * run without work does. Only from the bundle: its file changes with the parser, the source files do not tell.
 */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, digestOfJson, hexOf } from '../kernel/digest.ts';
import { writeFileAtomic } from '../kernel/workspace.ts';
import type { FoundToolchain } from './found-toolchain.ts';
import type { Project } from './project.ts';

/** What the project depends on besides the parser itself; `null` when the parser can't be identified. */
export function projectKey(text: string, found: FoundToolchain | null, parser = parserStamp()): string | null {
  if (parser === null) return null;
  return hexOf(digestOfJson({ text, found: found === null ? null : { ...found }, parser }));
}

function parserStamp(): string | null {
  const path = import.meta.filename;
  if (path.endsWith('.ts')) return null;
  const { size, mtimeMs } = statSync(path);
  return `${path} ${size} ${mtimeMs}`;
}

/** The project that was kept under this key; `null` when there is none, or what is there is not what was kept. */
export function cachedProject(cache: string, key: string): Project | null {
  try {
    const { digest, project } = JSON.parse(readFileSync(fileOf(cache, key), 'utf8'));
    return digestOfJson(project) === digest ? project : null;
  } catch {
    return null;
  }
}

export function keepProject(cache: string, key: string, project: Project): void {
  const plain = JSON.parse(JSON.stringify(project));
  writeFileAtomic(fileOf(cache, key), canonicalJson({ digest: digestOfJson(plain), project: plain }));
}

function fileOf(cache: string, key: string): string {
  return join(cache, 'projects', `${key}.json`);
}
