/** Small text files that carry the digest of their own content, so that a torn or edited one is known as such. */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sha256 } from '../kernel/digest.ts';
import { systemCodeOf } from '../kernel/fault.ts';
import { randomIdentifier } from '../kernel/random.ts';

/** The content; `missing` when there is no such file, `damaged` when its first line is not the digest of the rest. */
export type Sealed = { readonly content: string } | 'missing' | 'damaged';

export function readSealed(path: string): Sealed {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 'missing';
    throw error;
  }
  const content = unsealed(text);
  return content === undefined ? 'damaged' : { content };
}

/** The content of a sealed text; `undefined` when its first line is not the digest of the rest. */
export function unsealed(text: string): string | undefined {
  const end = text.indexOf('\n');
  const content = text.slice(end + 1);
  return end > 0 && text.slice(0, end) === sha256(content) ? content : undefined;
}

export function writeSealed(path: string, content: string): void {
  replaceFile(path, `${sha256(content)}\n${content}`);
}

/**
 * A reader sees the old content or the new one. Not flushed to the disk: what a power cut may tear here is recognised
 * when it is read and costs a repeated task, while a flush would cost every run.
 */
function replaceFile(path: string, content: string): void {
  const temporary = `${path}.${randomIdentifier(12)}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
