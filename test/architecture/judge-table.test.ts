/** The figures in the docs are those that were measured. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withTables } from '../../bench/judge-document.ts';
import type { JudgeResults } from '../../bench/judge-results.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCUMENT = readFileSync(join(ROOT, 'docs/judge.md'), 'utf8');
const RESULTS = JSON.parse(readFileSync(join(ROOT, 'bench/results/judge.json'), 'utf8')) as JudgeResults;

test('the tables of docs/judge.md are made from the committed results, and every bar in them is met', () => {
  expect(withTables(DOCUMENT, RESULTS)).toBe(DOCUMENT);
  const checks = RESULTS.bars.flatMap((bar) => bar.checks);
  expect(checks.length).toBeGreaterThan(5);
  expect(checks.filter(({ holds }) => !holds)).toEqual([]);
});

test('a figure that was not measured is found', () => {
  const [first, ...rest] = RESULTS.late;
  if (first === undefined) throw new Error('there are no figures of late regressions');
  const embellished = { ...RESULTS, late: [{ ...first, shipped: { ...first.shipped, median: 1 } }, ...rest] };
  expect(withTables(DOCUMENT, embellished)).not.toBe(DOCUMENT);
});
