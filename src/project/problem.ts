/** What is wrong with a file that a user wrote, and how it is shown: like a compiler's errors, all at once. */

export type ProblemCode =
  | 'config/syntax'
  | 'config/duplicate-key'
  | 'config/unknown-key'
  | 'config/missing-key'
  | 'config/wrong-type'
  | 'config/wrong-unit'
  | 'config/wrong-value'
  | 'config/literal-secret'
  | 'config/contradiction'
  | 'config/wrong-target'
  | 'config/not-yet';

export interface Problem {
  /** Permanent once released. */
  readonly code: ProblemCode;
  /** What is wrong and why, without a full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units, as editors do. */
  readonly column: number;
  /** Of what is wrong, on that line; at least 1. */
  readonly length: number;
  /** The offending line. A literal secret in it is masked. */
  readonly sourceLine: string;
}

/** Keys and indices from the root of a file to a value in it. */
export type Path = readonly (string | number)[];

/** A problem before it is found in the text. */
export interface ProblemDraft {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
  readonly path: Path;
  /** Whether the key at that path is wrong, or its value. */
  readonly at: 'key' | 'value';
}

const PLAIN = { bold: '', red: '', blue: '', cyan: '', reset: '' };
const ANSI = { bold: '\u001B[1m', red: '\u001B[31m', blue: '\u001B[34m', cyan: '\u001B[36m', reset: '\u001B[0m' };

/** All problems as text, each with its place, the offending line with a caret below it, and the hint. */
export function formatProblems(
  problems: readonly Problem[],
  { color = false }: { readonly color?: boolean } = {},
): string {
  const paint = color ? ANSI : PLAIN;
  const blocks = problems.map((problem) => {
    const { code, message, hint, file, line, column, length, sourceLine } = problem;
    const number = String(line);
    const gutter = ' '.repeat(number.length);
    // A tab stays a tab, so that the caret stands below what it points at.
    const indent = sourceLine.slice(0, column - 1).replaceAll(/[^\t]/g, ' ');
    return [
      `${paint.bold}${file}:${line}:${column}: ${paint.red}error ${code}${paint.reset}${paint.bold}: ${message}${paint.reset}`,
      `${paint.blue} ${number} |${paint.reset} ${sourceLine}`,
      `${paint.blue} ${gutter} |${paint.reset} ${indent}${paint.red}${'^'.repeat(length)}${paint.reset}`,
      ...(hint === '' ? [] : [`${paint.blue} ${gutter} =${paint.reset} ${paint.cyan}${hint}${paint.reset}`]),
    ].join('\n');
  });
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return problems.length === 0 ? '' : `${blocks.join('\n\n')}\n\n${count}\n`;
}

/** Problems in the order of the text. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1));
}
