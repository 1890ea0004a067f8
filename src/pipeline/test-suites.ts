/**
 * Single tests in the value of a task that runs some (`suites`): from there reports know them also when the task did not
 * run because its result was there. No times: they would make two runs of the same tests differ.
 */

import type { Json } from '../kernel/digest.ts';

export type TestSuite = {
  /** `unittests src/lib.rs`, `tests/http.rs`. */
  readonly name: string;
  readonly passed: readonly string[];
  readonly ignored: readonly string[];
  readonly failed: readonly FailedTest[];
  /** How the program ended that came to no end of its own; `null` when it did. */
  readonly crash: string | null;
};

export type FailedTest = {
  readonly name: string;
  /** What it printed. */
  readonly output: string;
};

/** The suites in the value of a task; none when it runs no tests. */
export function readTestSuites(value: Json | null): readonly TestSuite[] {
  const suites = isObject(value) ? value['suites'] : undefined;
  return isList(suites) ? suites.flatMap((suite) => (isObject(suite) ? [readSuite(suite)] : [])) : [];
}

function readSuite(suite: JsonObject): TestSuite {
  return {
    name: textOf(suite['name']),
    passed: texts(suite['passed']),
    ignored: texts(suite['ignored']),
    crash: typeof suite['crash'] === 'string' ? suite['crash'] : null,
    failed: objects(suite['failed']).map(({ name, output }) => ({ name: textOf(name), output: textOf(output) })),
  };
}

interface JsonObject {
  readonly [key: string]: Json | undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter((item) => isObject(item)) : [];
}

function texts(value: Json | undefined): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === 'string') : [];
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
