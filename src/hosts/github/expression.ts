/**
 * Conditions in GitHub's expression language. It has no patterns and compares texts without regard to case, so what it
 * lets in is made exact by what `on:` lets in: `ambiguity` says where that is not enough.
 */

import { globsOverlap } from '../../project/index.ts';
import type { EventWay, Predicate } from '../job-graph.ts';

const EVENT = 'github.event_name';

/** Lets in what the predicate does. `null`: everything. */
export function conditionOf({ ways }: Predicate): string | null {
  const manual = ways.flatMap((way) => (way.event === 'manual' ? [`inputs.job == ${quoted(way.job)}`] : []));
  const every = ways.some((way) => way.event === 'push' && way.ref === 'any' && way.pattern === '*');
  const pull = ways.some(({ event }) => event === 'pullRequest');
  const queue = ways.some(({ event }) => event === 'mergeQueue');
  if (every && pull && queue) return anyOf([`${EVENT} != 'workflow_dispatch'`, ...manual]);
  return anyOf([
    ...pushCondition(ways),
    ...(pull ? [`${EVENT} == 'pull_request'`] : []),
    ...(queue ? [`${EVENT} == 'merge_group'`] : []),
    ...(manual.length === 0 ? [] : [allOf([`${EVENT} == 'workflow_dispatch'`, anyOf(manual)])]),
  ]);
}

function pushCondition(ways: readonly EventWay[]): readonly string[] {
  const refs = ways.flatMap((way) => (way.event === 'push' ? [refCondition(way)] : []));
  if (refs.length === 0) return [];
  const isPush = `${EVENT} == 'push'`;
  return refs.includes(null) ? [isPush] : [allOf([isPush, anyOf(refs.filter((ref) => ref !== null))])];
}

/** `null`: every ref. */
function refCondition({ ref, pattern }: Extract<EventWay, { event: 'push' }>): string | null {
  if (ref === 'any') return pattern === '*' ? null : matches('github.ref_name', pattern);
  return matches('github.ref', `refs/${ref === 'branch' ? 'heads' : 'tags'}/${pattern}`);
}

/** `a**b` says no more than `a*b`. */
function withoutDoubles(pattern: string): string {
  return pattern.replaceAll(/\*+/g, '*');
}

/** Exact but for case where the pattern has one star at most; with more, the order of the inner parts is left open. */
function matches(subject: string, pattern: string): string {
  const [first = '', ...others] = withoutDoubles(pattern).split('*');
  const last = others.pop();
  if (last === undefined) return `${subject} == ${quoted(first)}`;
  const inner = [...new Set(others)].filter((part) => part !== '' && !first.includes(part) && !last.includes(part));
  return allOf([
    ...(first === '' ? [] : [`startsWith(${subject}, ${quoted(first)})`]),
    ...inner.map((part) => `contains(${subject}, ${quoted(part)})`),
    ...(last === '' ? [] : [`endsWith(${subject}, ${quoted(last)})`]),
    // A name that is too short may begin and end right all the same: `a/b` is none of `a/*/b`.
    ...tooShort(first, last).map((name) => `${subject} != ${quoted(name)}`),
  ]);
}

function tooShort(first: string, last: string): readonly string[] {
  const lengths = Array.from({ length: Math.min(first.length, last.length) }, (_, index) => index + 1);
  return lengths
    .filter((length) => first.toLowerCase().endsWith(last.slice(0, length).toLowerCase()))
    .map((length) => first + last.slice(length));
}

/**
 * A pattern of `admitted` (what `on:` lets in for a kind of ref) with names that `conditionOf` lets in though the pattern
 * does not; `undefined`: there is none.
 */
export function ambiguity(written: string, admitted: readonly string[]): string | undefined {
  const pattern = withoutDoubles(written);
  const parts = pattern.split('*');
  // For GitHub `**/` may be nothing at all, and with several stars the condition does not see that the slash is missing.
  if (parts.length > 2 && pattern.includes('*/')) return written;
  const outline = parts.length > 2 ? `${parts[0]}*${parts.at(-1)}` : pattern;
  const variants = [outline.toLowerCase(), ...Array.from(outline, (_, index) => flipped(outline, index))];
  return admitted.find((admittedToo) => {
    const other = admittedToo.replaceAll(/\*+\/?/g, '*');
    if (admittedToo === written || covers(pattern, other)) return false;
    if (outline !== pattern && globsOverlap(outline, other)) return true;
    const apart = !globsOverlap(pattern, other);
    return variants.some((variant) =>
      apart ? globsOverlap(variant, other.toLowerCase()) : variant !== outline && globsOverlap(variant, other),
    );
  });
}

/** Whether all that `other` matches is matched by the pattern, as far as a common beginning shows. */
function covers(pattern: string, other: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  return rest.length === 1 && rest[0] === '' && other.startsWith(first);
}

function flipped(text: string, index: number): string {
  const letter = text.charAt(index);
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return text.slice(0, index) + other + text.slice(index + 1);
}

/** A pattern as `on:` writes it, where `*` stops at a slash and other signs mean something. */
export function filterPattern(pattern: string): string {
  return withoutDoubles(pattern)
    .replaceAll(/[\\+?[]|^!/g, String.raw`\$&`)
    .replaceAll('*', '**');
}

export function allOf(parts: readonly string[]): string {
  return joined(parts, ' && ');
}

export function anyOf(parts: readonly string[]): string {
  return joined(parts, ' || ');
}

/** Those with an operator of their own in brackets. */
function joined(parts: readonly string[], operator: ' && ' | ' || '): string {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return parts.map((part) => (/ (&&|\|\|) /.test(part) ? `(${part})` : part)).join(operator);
}

/** Texts have single quotes, doubled inside. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
