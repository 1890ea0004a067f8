/** Brings together everything that is wrong with a file. */

import { inOrder, type Problem, type ProblemDraft } from './problem.ts';
import { starSecrets } from './secret-shapes.ts';
import type { YamlSource } from './yaml-source.ts';

/**
 * All problems in the order of the text. What is said of a line that is no YAML is left out beside that, a problem
 * that is told twice is told once, and literal secrets are masked wherever their line is shown.
 */
export function placeAll(source: YamlSource, drafts: readonly ProblemDraft[]): readonly Problem[] {
  const broken = new Set(source.problems.filter(({ code }) => code === 'config/syntax').map(({ line }) => line));
  const placed = drafts.map((draft) => source.place(draft)).filter(({ line }) => !broken.has(line));
  const all = inOrder([...source.problems, ...placed]);
  const unique = all.filter((problem, index) => !all.slice(0, index).some((earlier) => isSame(earlier, problem)));
  const secrets = unique.filter(({ code }) => code === 'config/literal-secret');
  const starred = unique.map((problem) => ({ ...problem, sourceLine: starSecrets(problem.sourceLine) }));
  return starred.map((problem) => secrets.filter(({ line }) => line === problem.line).reduce(masked, problem));
}

function isSame(one: Problem, other: Problem): boolean {
  return (
    one.code === other.code && one.line === other.line && one.column === other.column && one.message === other.message
  );
}

function masked(problem: Problem, { column, length }: Problem): Problem {
  const { sourceLine } = problem;
  const hidden = sourceLine.slice(0, column - 1) + '*'.repeat(length) + sourceLine.slice(column - 1 + length);
  return { ...problem, sourceLine: hidden };
}
