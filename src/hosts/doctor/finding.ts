/** What is wrong with a file of a CI system, and how it is shown: like a compiler's errors, with the right form below. */

import type { Rule } from './rule.ts';
import type { SourceFile } from './source-file.ts';

export interface Finding {
  /** `github/mutable-action`. Permanent once released. */
  readonly code: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** Of what is wrong, on that line; at least 1. */
  readonly length: number;
  readonly sourceLine: string;
  readonly what: string;
  readonly why: string;
  /** What to write in its place. */
  readonly right: string;
  /** Where that is said. */
  readonly source: string;
}

/** A place in a file where a rule is broken. */
export interface Hit {
  /** Offsets into the text; `to` is behind the last character. */
  readonly from: number;
  readonly to: number;
  /** Instead of what the rule says in general. */
  readonly what?: string;
  readonly right?: string;
}

export function findingOf({ code, what, why, right, source }: Rule, hit: Hit, file: SourceFile): Finding {
  const { line, column } = file.positionOf(hit.from);
  const sourceLine = file.lines[line - 1] ?? '';
  return {
    code,
    file: file.path,
    line,
    column,
    length: Math.max(1, Math.min(hit.to - hit.from, sourceLine.length - column + 1)),
    sourceLine,
    what: hit.what ?? what,
    why,
    right: hit.right ?? right,
    source,
  };
}

const PLAIN = { bold: '', red: '', blue: '', cyan: '', reset: '' };
const ANSI = { bold: '\u001B[1m', red: '\u001B[31m', blue: '\u001B[34m', cyan: '\u001B[36m', reset: '\u001B[0m' };

export function formatFindings(findings: readonly Finding[], { colour }: { readonly colour: boolean }): string {
  const paint = colour ? ANSI : PLAIN;
  const blocks = findings.map(({ code, file, line, column, length, sourceLine, what, why, right, source }) => {
    const gutter = ' '.repeat(String(line).length);
    // A tab stays a tab, so that the caret stands below what it points at.
    const indent = sourceLine.slice(0, column - 1).replaceAll(/[^\t]/g, ' ');
    const note = (label: string, text: string): string =>
      `${paint.blue} ${gutter} =${paint.reset} ${label}: ${text.replaceAll('\n', `\n   ${gutter} `)}`;
    return [
      `${paint.bold}${file}:${line}:${column}: ${paint.red}${code}${paint.reset}${paint.bold}: ${what}${paint.reset}`,
      `${paint.blue} ${line} |${paint.reset} ${sourceLine}`,
      `${paint.blue} ${gutter} |${paint.reset} ${indent}${paint.red}${'^'.repeat(length)}${paint.reset}`,
      note('why', why),
      note(`${paint.cyan}right${paint.reset}`, right),
      note('see', source),
    ].join('\n');
  });
  return blocks.join('\n\n');
}
