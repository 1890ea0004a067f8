/** Keeps the tables of docs/guide/project-file.md equal to the schemas. `UPDATE_GUIDE=1` writes them anew (then format). */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toJSONSchema } from 'zod';
import { writeFlow } from './describe-config.ts';
import { deliveryShape } from './environment-schema.ts';
import { type NotYet, PROJECT_NOT_YET } from './not-yet.ts';
import { projectSchema } from './project-schema.ts';
import { rehearsalSchema } from './rehearsal-schema.ts';
import { isContainer, memberAt } from './validate.ts';

const GUIDE = join(import.meta.dirname, '..', '..', 'docs', 'guide', 'project-file.md');

interface Row {
  readonly path: string;
  readonly value: string;
  readonly meaning: string;
}

/** Every key below a JSON Schema, in order; list items and free names are `*`. */
function rowsOf(schema: unknown, path: string, notYet: readonly NotYet[]): readonly Row[] {
  if (!isContainer(schema)) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const properties = isContainer(schema['properties']) ? Object.entries(schema['properties']) : [];
  const own = properties.flatMap(([key, property]) => {
    const inner = path === '' ? key : `${path}.${key}`;
    return [rowOf(inner, property, { required: required.includes(key), notYet }), ...rowsOf(property, inner, notYet)];
  });
  const alternatives = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [];
  return [
    ...own,
    ...alternatives.flatMap((alternative) => rowsOf(alternative, path, notYet)),
    ...rowsOf(schema['items'], `${path}.*`, notYet),
    ...rowsOf(schema['additionalProperties'], `${path}.*`, notYet),
  ];
}

function rowOf(
  path: string,
  schema: unknown,
  { required, notYet }: { required: boolean; notYet: readonly NotYet[] },
): Row {
  const value = memberAt(schema, ['default']);
  const isMap = isContainer(value) && Object.keys(value).length === 0 && !Array.isArray(value);
  const none = required ? 'required' : '';
  const description = memberAt(schema, ['description']);
  const meaning = typeof description === 'string' ? description : '';
  return {
    path,
    value: value === undefined ? none : isMap ? '' : `\`${writeFlow(JSON.parse(JSON.stringify(value)))}\``,
    meaning: [meaning, ...notYet.filter((entry) => entry.path === path).map(notYetText)].join(' '),
  };
}

function notYetText({ only, except }: NotYet): string {
  const list = (values: readonly unknown[]) =>
    values.map((value) => `\`${writeFlow(JSON.parse(JSON.stringify(value)))}\``).join(', ');
  if (only) return `_${list(only)}: not yet._`;
  return except ? `_Not yet but ${list(except.slice(0, 1))}._` : '_Not yet._';
}

/** Told elsewhere in the tables: the judge and the gates wherever else they stand, and strategies in events. */
const TOLD_ELSEWHERE = /\.(before|after)\.\w+\.|steps\.\*\.judge\.|^events\.\*\.(strategy|set)\./;

function tableOf(rows: readonly Row[]): string {
  const told = rows.filter(({ path }) => !TOLD_ELSEWHERE.test(path));
  const lines = told.map(({ path, value, meaning }) => `| \`${path}\` | ${value} | ${meaning} |`);
  return ['| key | default | meaning |', '|---|---|---|', ...lines].join('\n');
}

/** The formatter lines the columns of a table up. */
function withoutPadding(markdown: string): string {
  return markdown.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---');
}

test('the tables of the guide are those of the schemas', () => {
  const options = { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' } as const;
  const rehearsal = rowsOf(toJSONSchema(rehearsalSchema, options), '', []);
  const isShared = ({ path }: Row): boolean => Object.keys(deliveryShape).includes(path.split('.')[0] ?? '');
  const tables = {
    project: tableOf(rowsOf(toJSONSchema(projectSchema, options), '', PROJECT_NOT_YET)),
    rehearsal: tableOf(rehearsal.filter((row) => !isShared(row))),
  };
  const written = readFileSync(GUIDE, 'utf8');
  let expected = written;
  for (const [name, table] of Object.entries(tables)) {
    const section = new RegExp(`(<!-- begin ${name} -->\n)[^]*(<!-- end ${name} -->)`);
    expect(written).toMatch(section);
    expected = expected.replace(section, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`);
  }
  if (process.env['UPDATE_GUIDE'] === '1') writeFileSync(GUIDE, expected);
  expect(withoutPadding(readFileSync(GUIDE, 'utf8'))).toBe(withoutPadding(expected));
});
