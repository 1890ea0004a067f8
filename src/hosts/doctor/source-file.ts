/** A file that the doctor looks at: its text, the text without comments, and where YAML has its values. */

import { blankGroovyComments } from './groovy-blocks.ts';
import { readYamlTree, type YamlTree } from './yaml-tree.ts';

/** `kubernetes`: objects as `kubectl apply` takes them. `script`: shell, Makefiles. */
export type FileKind = 'github' | 'gitlab' | 'jenkins' | 'kubernetes' | 'dockerfile' | 'script';

export const ALL_KINDS: readonly FileKind[] = ['github', 'gitlab', 'jenkins', 'kubernetes', 'dockerfile', 'script'];

export interface SourceFile {
  /** As it was named or found. */
  readonly path: string;
  readonly kind: FileKind;
  readonly text: string;
  /** As long as the text; comments are blanks. */
  readonly code: string;
  readonly lines: readonly string[];
  /** `null` where it is no YAML, or YAML that can't be read. */
  readonly yaml: YamlTree | null;
  /** Both counted from 1. */
  positionOf(offset: number): { readonly line: number; readonly column: number };
}

export function createSourceFile(path: string, kind: FileKind, text: string): SourceFile {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const isYaml = kind === 'github' || kind === 'gitlab' || kind === 'kubernetes';
  return {
    path,
    kind,
    text,
    code: kind === 'jenkins' ? blankGroovyComments(text) : blankHashComments(text),
    lines: text.split(/\r?\n/),
    yaml: isYaml ? readYamlTree(text) : null,
    positionOf(offset) {
      const line = starts.findLastIndex((start) => start <= offset);
      return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
    },
  };
}

/**
 * Lines that are comments, in YAML and in the shell inside it; and what stands behind ` #` after an even number of quotes.
 * A comment that is taken for code, or the reverse, is then a matter of a line with odd quotes.
 */
function blankHashComments(text: string): string {
  return text.replaceAll(/^.*$/gm, (line) => {
    for (const { index } of line.matchAll(/(?<=^|\s)#/g)) {
      const before = line.slice(0, index);
      const open = (quote: string): boolean => (before.split(quote).length - 1) % 2 === 1;
      if (!open("'") && !open('"')) return before + ' '.repeat(line.length - index);
    }
    return line;
  });
}
