/** From an offset in a text to the line and column that a person sees. */

import type { Problem, ProblemDraft } from './problem.ts';

/** Offsets into the text; `to` is behind the last character. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Places {
  /** Line and column, both counted from 1. */
  positionOf(offset: number): { readonly line: number; readonly column: number };
  /** The problem at a span; a span over several lines is shown on its first. */
  problem(what: Pick<ProblemDraft, 'code' | 'message' | 'hint'>, span: Span): Problem;
}

export function createPlaces(text: string, file: string): Places {
  const starts = [0];
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
  const lineAt = (line: number): string => text.slice(starts[line - 1], starts[line]).replace(/\r?\n$/, '');

  const positionOf = (offset: number): { line: number; column: number } => {
    // The end of the text belongs to its last line that holds anything.
    const inside = Math.max(0, Math.min(offset, text.trimEnd().length));
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= inside) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: inside - (starts[low] ?? 0) + 1 };
  };

  return {
    positionOf,
    problem({ code, message, hint }, span) {
      const { line, column } = positionOf(span.from);
      const sourceLine = lineAt(line);
      const length = Math.max(1, Math.min(span.to - span.from, sourceLine.length - column + 1));
      return { code, message, hint, file, line, column, length, sourceLine };
    },
  };
}
