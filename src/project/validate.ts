/**
 * Holds a file against its schema. Where something is wrong the rest is still made sense of: what is wrong is left
 * out and the schema is asked again, so that the checks that come later see everything that can be seen.
 */

import type { z } from 'zod';
import { draftsOf } from './issues.ts';
import type { Path, ProblemDraft } from './problem.ts';

export interface Validated<Output> {
  /** As much as could be made sense of; `null` when nothing could. */
  readonly output: Output | null;
  readonly drafts: readonly ProblemDraft[];
}

/** Each round takes something away, so this many are enough for any file a person writes. */
const MOST_ROUNDS = 100;

/** `otherwise` stands in for required members of the root that are missing or wrong. */
export function validate<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  otherwise: Readonly<Record<string, unknown>>,
): Validated<Output> {
  const first = schema.safeParse(value ?? {}, { reportInput: true });
  if (first.success) return { output: first.data, drafts: [] };
  const drafts = first.error.issues.flatMap((issue) => draftsOf(issue));
  let issues = drafts;
  let pruned: unknown = isContainer(value) && !Array.isArray(value) ? structuredClone(value) : {};
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    for (const { path } of issues) prune(pruned, path);
    pruned = { ...otherwise, ...(isContainer(pruned) ? pruned : {}) };
    const next = schema.safeParse(pruned, { reportInput: true });
    if (next.success) return { output: next.data, drafts };
    issues = next.error.issues.flatMap((issue) => draftsOf(issue));
  }
  return { output: null, drafts };
}

/**
 * Takes the member at `path` out. A list loses none of its items, since later checks count them: it goes as a whole,
 * and so does a map that lacks a member.
 */
function prune(root: unknown, path: Path): void {
  const last = path.at(-1);
  if (last === undefined) return;
  const parent = memberAt(root, path.slice(0, -1));
  if (isContainer(parent) && !Array.isArray(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else prune(root, path.slice(0, -1));
}

export function memberAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (!isContainer(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

export function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
