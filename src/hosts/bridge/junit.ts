/**
 * Single tests as JUnit XML, the dialect that GitLab and Jenkins read (docs.gitlab.com, "Unit test reports"; Jenkins'
 * junit-10.xsd). Without times: Rust's harness tells none for a single test.
 */

import type { TestSuite } from '../../pipeline/index.ts';
import { plainLines, unstyled } from './foreign-text.ts';
import type { Redact, TaskSuites } from './job-results.ts';

type Attributes = Readonly<Record<string, string | number>>;

export function junitReport(service: string, tasks: readonly TaskSuites[], redact: Redact): string {
  const suites = tasks.flatMap(({ task, suites: found }) => found.map((suite) => ({ task, suite })));
  const total = suites.map(({ suite }) => countsOf(suite)).reduce(added, NONE);
  const lines = suites.flatMap(({ task, suite }) => suiteLines(task, suite, redact));
  const root = element('testsuites', { name: service, ...total }, lines);
  return ['<?xml version="1.0" encoding="UTF-8"?>', ...root, ''].join('\n');
}

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

const NONE: Counts = { tests: 0, failures: 0, errors: 0, skipped: 0 };

function countsOf({ passed, failed, ignored, crash }: TestSuite): Counts {
  const errors = crash === null ? 0 : 1;
  const tests = passed.length + failed.length + ignored.length + errors;
  return { tests, failures: failed.length, errors, skipped: ignored.length };
}

function added(one: Counts, other: Counts): Counts {
  return {
    tests: one.tests + other.tests,
    failures: one.failures + other.failures,
    errors: one.errors + other.errors,
    skipped: one.skipped + other.skipped,
  };
}

function suiteLines(task: string, suite: TestSuite, redact: Redact): readonly string[] {
  // What stands before the last dot is taken for a package.
  const classname = `${task} ${suite.name.replace(/\.rs$/, '')}`.replaceAll('.', '_');
  const test = (name: string, inside: readonly string[] = []) => element('testcase', { name, classname }, inside);
  const { crash } = suite;
  return element('testsuite', { name: `${task}: ${suite.name}`, ...countsOf(suite) }, [
    ...suite.passed.flatMap((name) => test(name)),
    ...suite.ignored.flatMap((name) => test(name, element('skipped', {}, []))),
    ...suite.failed.flatMap(({ name, output }) => test(name, said('failure', redact(output)))),
    ...(crash === null
      ? []
      : test('(the program itself)', said('error', redact(`it ended without a summary: ${crash}`)))),
  ]);
}

function said(name: 'failure' | 'error', output: string): readonly string[] {
  const text = plainLines(unstyled(output)).join('\n');
  const [message = ''] = /^.*panicked at[^]*?\n(.+)$/m.exec(text)?.slice(1) ?? text.split('\n');
  return [`<${name}${written({ message: message.slice(0, 300) })}>${escaped(text)}</${name}>`];
}

function element(name: string, attributes: Attributes, inside: readonly string[]): readonly string[] {
  if (inside.length === 0) return [`<${name}${written(attributes)}/>`];
  return [`<${name}${written(attributes)}>`, ...inside, `</${name}>`];
}

function written(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 has no way to write are replaced. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- control characters are what this is about
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
  );
}
