/** When a stage runs, in the words of a multibranch job. */

import type { EventWay, JobGraph, Predicate } from '../job-graph.ts';
import { globsOverlap } from '../../project/index.ts';
import { globExpression } from '../glob-expression.ts';
import { type Condition, reference, type Value } from './jenkins-document.ts';

/** The parameter by which a person asks for one job; builds that nobody asked for have `AS_PUSHED`. */
export const ASKED_JOB = 'SLIPWAY_JOB';
export const AS_PUSHED = 'as-pushed';

/** Where the merge queue of GitHub puts what it tries: Jenkins sees a branch. */
const QUEUE = 'gh-readonly-queue/*';
/** What Jenkins calls the branch of pull request 7. */
const REQUEST = 'PR-*';

type Push = Extract<EventWay, { event: 'push' }>;

/** A push starts something only where the graph says that pushes do. */
export function conditionOf({ ways }: Predicate, { pushes }: Pick<JobGraph, 'pushes'>): Condition {
  const starting: Starting = { branches: pushes.branches === 'all' ? ['*'] : pushes.branches, tags: pushes.tags };
  const has = (event: EventWay['event']): boolean => ways.some((way) => way.event === event);
  const asked = ways.flatMap((way) => (way.event === 'manual' ? [way.job] : []));
  const pushed = ways.filter((way) => way.event === 'push');
  const refs: readonly Condition[] = [
    ...onBranches(pushed, starting, { requests: !has('pullRequest'), queue: !has('mergeQueue') }),
    ...onTags(pushed, starting),
    ...(has('pullRequest') ? [{ kind: 'changeRequest' } as const] : []),
    ...(has('mergeQueue') ? [nameIs('branch', QUEUE)] : []),
  ];
  const unasked = refs.length === 0 ? [] : [allOf([isAskedFor([null, AS_PUSHED]), anyOf(refs)])];
  return anyOf([...unasked, ...(asked.length > 0 ? [isAskedFor(asked)] : [])]);
}

interface Starting {
  readonly branches: readonly string[];
  readonly tags: readonly string[];
}

/** A tag has its name as that of a branch too, a pull request has `PR-7`: neither is a push to a branch. */
function onBranches(
  ways: readonly Push[],
  { branches }: Starting,
  apart: { readonly requests: boolean; readonly queue: boolean },
): readonly Condition[] {
  const patterns = narrowed(
    ways.filter(({ ref }) => ref !== 'tag').map(({ pattern }) => pattern),
    branches,
  );
  if (patterns.length === 0) return [];
  const others: readonly Condition[] = [
    { kind: 'buildingTag' },
    ...(apart.requests && overlaps(patterns, REQUEST) ? [{ kind: 'changeRequest' } as const] : []),
    ...(apart.queue && overlaps(patterns, QUEUE) ? [nameIs('branch', QUEUE)] : []),
  ];
  return [allOf([anyOf(patterns.map((pattern) => nameIs('branch', pattern))), { kind: 'not', of: anyOf(others) }])];
}

function onTags(ways: readonly Push[], { tags }: Starting): readonly Condition[] {
  const patterns = narrowed(
    ways.filter(({ ref }) => ref !== 'branch').map(({ pattern }) => pattern),
    tags,
  );
  return patterns.map((pattern) => nameIs('tag', pattern));
}

/** A job for every push is one for those that start something; all other patterns are among these by themselves. */
function narrowed(patterns: readonly string[], starting: readonly string[]): readonly string[] {
  return [...new Set(patterns.flatMap((pattern) => (pattern === '*' ? starting : [pattern])))];
}

function overlaps(patterns: readonly string[], other: string): boolean {
  return patterns.some((pattern) => globsOverlap(pattern, other));
}

function nameIs(kind: 'branch' | 'tag', pattern: string): Condition {
  if (kind === 'tag' && pattern === '*') return { kind: 'buildingTag' };
  if (!pattern.includes('*')) return { kind, comparator: 'EQUALS', pattern };
  return { kind, comparator: 'REGEXP', pattern: globExpression(pattern) };
}

/** `null`: a build from before the parameter was known. */
function isAskedFor(jobs: readonly (string | null)[]): Condition {
  const left = reference(`params.${ASKED_JOB}`);
  const [only] = jobs;
  const test: Value =
    jobs.length === 1 && only !== undefined
      ? { kind: 'compare', operator: '==', left, right: only }
      : { kind: 'compare', operator: 'in', left, right: { kind: 'list', of: jobs } };
  return { kind: 'expression', test };
}

/** Nested ones of the same kind become one. */
function allOf(of: readonly Condition[]): Condition {
  return joined('allOf', of);
}

function anyOf(of: readonly Condition[]): Condition {
  return joined('anyOf', of);
}

function joined(kind: 'allOf' | 'anyOf', of: readonly Condition[]): Condition {
  const flat = of.flatMap((part) => (part.kind === kind ? part.of : [part]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind, of: flat };
}
