/** Keeps the table of docs/guide/doctor.md equal to the rules. `UPDATE_GUIDE=1` writes it anew (then format). */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RULES } from './rules.ts';
import { ALL_KINDS } from './source-file.ts';

const GUIDE = join(import.meta.dirname, '../../../docs/guide/doctor.md');
const TABLE = /(?<=<!-- rules -->\n)[\s\S]*(?=<!-- end of rules -->)/;

test('the guide names each rule, with its reason and the right form', () => {
  const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
  const rows = RULES.map(({ code, kinds, what, why, right, source }) => {
    const where = kinds.length === ALL_KINDS.length ? 'all' : kinds.join(', ');
    return `| \`${code}\` | ${where} | ${cell(what)}. ${cell(why)} | ${cell(right)} | [source](${source}) |`;
  });
  const table = ['', '| rule | files | what and why | right | |', '|---|---|---|---|---|', ...rows, '', ''].join('\n');
  const guide = readFileSync(GUIDE, 'utf8');
  const wanted = guide.replace(TABLE, () => table);
  if (process.env['UPDATE_GUIDE'] === '1') writeFileSync(GUIDE, wanted);
  expect(withoutPadding(readFileSync(GUIDE, 'utf8'))).toBe(withoutPadding(wanted));
});

/** The formatter lines the columns of a table up. */
function withoutPadding(markdown: string): string {
  return markdown.replaceAll(/ *(?<!\\)\| */g, '|').replaceAll(/-{3,}/g, '---');
}
