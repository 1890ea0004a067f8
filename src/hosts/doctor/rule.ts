/** The shape of a rule: what is looked for in which files, why it is wrong, and what is right. */

import type { Hit } from './finding.ts';
import type { FileKind, SourceFile } from './source-file.ts';

export interface Rule {
  /** Permanent once released. */
  readonly code: string;
  readonly kinds: readonly FileKind[];
  /** Without a full stop. */
  readonly what: string;
  readonly why: string;
  readonly right: string;
  /** An address, or the name of a document. */
  readonly source: string;
  readonly find: (file: SourceFile) => Iterable<Hit>;
}

/** Every place of a pattern in the text without its comments. */
export function* matches(
  { code }: SourceFile,
  pattern: RegExp,
  hit: (match: RegExpExecArray) => Partial<Hit> | null = () => ({}),
): Generator<Hit> {
  for (const match of code.matchAll(pattern)) {
    const more = hit(match);
    if (more !== null) yield { from: match.index, to: match.index + match[0].length, ...more };
  }
}
