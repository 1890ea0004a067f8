/** The language of `rules:if`. Source: docs.gitlab.com/ci/jobs/job_rules, "CI/CD variable expressions". */

import { globExpression } from '../glob-expression.ts';

export type Expression =
  | { readonly kind: 'equals'; readonly variable: string; readonly text: string }
  | { readonly kind: 'matches' | 'differs'; readonly variable: string; readonly pattern: string }
  | { readonly kind: 'present'; readonly variable: string }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] };

/** There is no way to write a quote inside of a text. */
const PLAIN = /^[^"$\\]*$/;

/** One of the patterns of the project file, in which `*` stands for any text. */
export function nameIsOneOf(variable: string, patterns: readonly string[]): Expression {
  const [only] = patterns;
  if (patterns.length === 1 && only !== undefined && only !== '*' && !only.includes('*') && PLAIN.test(only)) {
    return { kind: 'equals', variable, text: only };
  }
  return patterns.includes('*')
    ? { kind: 'present', variable }
    : { kind: 'matches', variable, pattern: patternOf(patterns) };
}

/** The opposite; also where there is no such variable. */
export function nameIsNoneOf(variable: string, patterns: readonly string[]): Expression {
  return { kind: 'differs', variable, pattern: patternOf(patterns) };
}

function patternOf(patterns: readonly string[]): string {
  // A bare slash would end it.
  const sources = patterns.map((pattern) => globExpression(pattern).replaceAll('/', '\\/'));
  return sources.length === 1 ? `^${sources[0] ?? ''}$` : `^(${sources.join('|')})$`;
}

export function allOf(...of: readonly Expression[]): Expression {
  return { kind: 'and', of };
}

export function anyOf(of: readonly Expression[]): Expression {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind: 'or', of };
}

export function writeExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'equals':
      return `$${expression.variable} == "${expression.text}"`;
    case 'matches':
      return `$${expression.variable} =~ /${expression.pattern}/`;
    case 'differs':
      return `$${expression.variable} !~ /${expression.pattern}/`;
    case 'present':
      return `$${expression.variable}`;
    case 'or':
      return expression.of.map((part) => writeExpression(part)).join(' || ');
    case 'and':
      return expression.of
        .map((part) => (part.kind === 'or' ? `(${writeExpression(part)})` : writeExpression(part)))
        .join(' && ');
  }
}
