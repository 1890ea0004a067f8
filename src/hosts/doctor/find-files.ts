/** Which files of a repository the doctor looks at, and what each of them is. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import type { FileKind } from './source-file.ts';

/** Folders of other people's files, and of what was built. */
const PASSED_OVER = new Set([
  '.git',
  '.slipway',
  'node_modules',
  'target',
  'vendor',
  'dist',
  'build',
  '.venv',
  'third_party',
]);

const LARGEST = 1024 * 1024;
const MOST_FILES = 50_000;

/** What a file is by its path (with `/`) and, where that does not say, by its text; `null`: nothing for us. */
function kindOf(path: string, text: () => string): FileKind | null {
  const name = basename(path);
  const yaml = /\.ya?ml$/i.test(name);
  if (yaml && /(?:^|\/)\.(?:github|gitea|forgejo)\/workflows\/[^/]+$/.test(path)) return 'github';
  if (yaml && /^action\.ya?ml$/i.test(name) && /^runs:/m.test(text())) return 'github';
  if (yaml && (/gitlab-ci/.test(name) || /(?:^|\/)\.gitlab\//.test(path))) return 'gitlab';
  if (/^Jenkinsfile\b/i.test(name) || /\.jenkinsfile$/i.test(name)) return 'jenkins';
  if (/\.groovy$/i.test(name)) return /^\s*pipeline\s*\{/m.test(text()) ? 'jenkins' : null;
  if (/^(?:Dockerfile|Containerfile)\b|\.(?:dockerfile|containerfile)$/i.test(name)) return 'dockerfile';
  if (/^(?:GNU)?[Mm]akefile$|\.(?:mk|sh|bash)$/.test(name)) return 'script';
  return yaml && /^apiVersion:/m.test(text()) && /^kind:/m.test(text()) ? 'kubernetes' : null;
}

/** For a file that somebody named: then its text may say what it is. */
export function kindOfNamed(path: string, text: string): FileKind | null {
  const known = kindOf(path.split(sep).join('/'), () => text);
  if (known !== null) return known;
  if (/\.ya?ml$/i.test(path)) return /^jobs:/m.test(text) && /^["']?on["']?:/m.test(text) ? 'github' : 'gitlab';
  if (/^\s*pipeline\s*\{/m.test(text)) return 'jenkins';
  return /^#!.*sh\b/.test(text) ? 'script' : null;
}

/** Paths relative to the folder, in order. */
export function findFiles(folder: string): readonly string[] {
  const found: string[] = [];
  const folders = [folder];
  let seen = 0;
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      seen += 1;
      if (seen > MOST_FILES) return found.sort();
      const path = join(next, entry.name);
      if (entry.isDirectory() && !PASSED_OVER.has(entry.name)) folders.push(path);
      if (entry.isFile() && isOurs(folder, path)) found.push(relative(folder, path));
    }
  }
  return found.sort();
}

function isOurs(folder: string, path: string): boolean {
  if (statSync(path).size > LARGEST) return false;
  return kindOf(relative(folder, path).split(sep).join('/'), () => readFileSync(path, 'utf8')) !== null;
}
