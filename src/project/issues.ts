/** From what zod says to what a person is told. */

import type { z } from 'zod';
import { nameHint, nearestName } from './nearest.ts';
import type { Path, ProblemCode, ProblemDraft } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** Every problem that an issue stands for; `prefix` is where the issue's own path begins. */
export function draftsOf(issue: Issue, prefix: Path = []): readonly ProblemDraft[] {
  const path = [...prefix, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  const draft = (code: ProblemCode, message: string, hint: string): readonly ProblemDraft[] => [
    { code, message, hint, path, at: 'value' },
  ];
  switch (issue.code) {
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
      return draft('config/wrong-value', `expected ${issue.message}`, `Write ${issue.message}.`);
    case 'unrecognized_keys': {
      // schema-parts.ts puts the known keys into the message.
      const known = issue.message.split(' ').filter((key) => key !== '');
      return issue.keys.map((key) => unknownKey(key, known, [...path, key]));
    }
    case 'invalid_union':
      return draftsOfUnion(issue, path);
    case 'invalid_type':
      return invalidType(issue, path);
    case 'invalid_value': {
      const values = issue.values.map(String);
      const written = typeof issue.input === 'string' ? issue.input : JSON.stringify(issue.input);
      if (written === undefined) return missing(path, `one of ${values.join(', ')}`);
      return draft(
        'config/wrong-value',
        `\`${written}\` is not one of ${values.join(', ')}`,
        nameHint(written, values),
      );
    }
    case 'invalid_key':
      return [{ ...wrongKey(issue.issues[0]?.message ?? 'another name', path), at: 'key' }];
    case 'custom': {
      if (issue.input === undefined) return missing(path, issue.message.replace(/^expected /, ''));
      const { code, hint } = issue.params ?? {};
      return draft(
        isProblemCode(code) ? code : 'config/wrong-value',
        issue.message,
        typeof hint === 'string' ? hint : '',
      );
    }
    case 'too_small':
      return draft('config/wrong-value', `too small: at least ${issue.minimum}${unitOf(issue.origin)}`, 'Raise it.');
    case 'too_big':
      return draft('config/wrong-value', `too large: at most ${issue.maximum}${unitOf(issue.origin)}`, 'Lower it.');
  }
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '';
}

function unknownKey(key: string, known: readonly string[], path: Path): ProblemDraft {
  const hint = known.length === 0 ? 'Nothing stands here but `{}`.' : nameHint(key, known);
  return { code: 'config/unknown-key', message: `there is no key \`${key}\` here`, hint, path, at: 'key' };
}

function wrongKey(rule: string, path: Path): Omit<ProblemDraft, 'at'> {
  return { code: 'config/wrong-value', message: `\`${path.at(-1)}\` is not ${rule}`, hint: `Write ${rule}.`, path };
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'nothing',
};

function typeName(value: unknown): string {
  if (value === null) return 'nothing';
  return (Array.isArray(value) ? TYPE_NAMES['array'] : TYPE_NAMES[typeof value]) ?? typeof value;
}

function missing(path: Path, what: string): readonly ProblemDraft[] {
  const key = String(path.at(-1) ?? 'file');
  return [
    { code: 'config/missing-key', message: `\`${key}\` is missing`, hint: `Add \`${key}\`: ${what}.`, path, at: 'key' },
  ];
}

function invalidType(issue: Extract<Issue, { code: 'invalid_type' }>, path: Path): readonly ProblemDraft[] {
  const expected = TYPE_NAMES[issue.expected] ?? issue.expected;
  if (issue.input === undefined) return missing(path, expected);
  const message = `expected ${expected}, found ${typeName(issue.input)}`;
  return [{ code: 'config/wrong-type', message, hint: `Write ${expected}.`, path, at: 'value' }];
}

/**
 * Of the ways in which a value may be written, the one that was meant: one that is right about the kind of value, and
 * of these the one with the fewest complaints.
 */
function draftsOfUnion(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path): readonly ProblemDraft[] {
  // A schema may say as its message how the value is written: `approval: 1`.
  const form = issue.message.startsWith('`') ? issue.message : undefined;
  const branches = issue.errors.filter((branch) => branch.length > 0);
  const fitting = branches.filter(
    (branch) => !branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  const meant = fitting.filter((branch) => !branch.some((inner) => isOtherKind(inner) || isFarWord(inner)));
  const [best] = (meant.length > 0 ? meant : fitting).sort((a, b) => a.length - b.length);
  if (best !== undefined) {
    const mapToo = meant.length === 0 && issue.errors.some((branch) => branch.some(isMapAsked));
    const drafts = best.flatMap((inner) => draftsOf(inner, path));
    return mapToo ? drafts.map((one) => ({ ...one, hint: `${one.hint} Or write ${form ?? 'a map'}.` })) : drafts;
  }
  const kinds = branches.flatMap((branch) =>
    branch.map((inner) => (inner.code === 'invalid_type' ? inner.expected : '')),
  );
  const expected = [...new Set(kinds.map((kind) => TYPE_NAMES[kind] ?? kind))]
    .filter((kind) => kind !== '')
    .join(' or ');
  const message = `expected ${expected}, found ${typeName(issue.input)}`;
  return [{ code: 'config/wrong-type', message, hint: `Write ${form ?? expected}.`, path, at: 'value' }];
}

/** A map where one of some words may stand is meant as the map. */
function isOtherKind(issue: Issue): boolean {
  return issue.code === 'invalid_value' && issue.path.length === 0 && typeof issue.input === 'object';
}

/** No word that is known here, nor nearly one: another form may be meant, if there is one. */
function isFarWord(issue: Issue): boolean {
  if (issue.code !== 'invalid_value' || issue.path.length > 0) return false;
  return typeof issue.input !== 'string' || nearestName(issue.input, issue.values.map(String)) === undefined;
}

function isMapAsked(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0 && issue.expected === 'object';
}

function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && code.startsWith('config/');
}
