/** Finds in a file what the running version has not. */

import { isDeepStrictEqual } from 'node:util';
import type { NotYet } from './not-yet.ts';
import type { Path, ProblemDraft } from './problem.ts';
import { isContainer, memberAt } from './validate.ts';

export function findNotYet(value: unknown, entries: readonly NotYet[]): readonly ProblemDraft[] {
  return entries.flatMap(({ path, only, except }) =>
    pathsTo(value, path.split('.')).flatMap((found) => {
      const written = memberAt(value, found);
      const same = (other: unknown): boolean => isDeepStrictEqual(written, other);
      if (only ? !only.some(same) : except?.some(same)) return [];
      return [draftOf(found, only === undefined ? null : written)];
    }),
  );
}

function draftOf(path: Path, value: unknown): ProblemDraft {
  const key = String(path.findLast((part) => typeof part === 'string'));
  const what = value === null ? `\`${key}\`` : `\`${key}: ${JSON.stringify(value)}\``;
  return {
    code: 'config/not-yet',
    message: `${what} is not in this version of Slipway`,
    hint: 'Leave it out; a later version will do it.',
    path,
    at: value === null ? 'key' : 'value',
  };
}

/** The paths in `value` that a pattern with `*` stands for. */
function pathsTo(value: unknown, [first, ...rest]: readonly string[]): readonly Path[] {
  if (first === undefined) return [[]];
  if (!isContainer(value)) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys
    .filter((key) => first === '*' || first === key)
    .flatMap((key) => pathsTo(value[key], rest).map((path) => [key, ...path]));
}
