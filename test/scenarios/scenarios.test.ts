/**
 * The scenario suite (facts/rollouts.md section 5): every file here is a rehearsal whose expectations and invariants
 * hold, and which comes out the same when it is run again.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Rehearsal, runRehearsal } from '../../src/delivery/index.ts';
import { formatProblems, parseRehearsal } from '../../src/project/index.ts';

const FOLDER = import.meta.dirname;
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

async function read(name: string): Promise<Rehearsal> {
  const { rehearsal, problems } = await parseRehearsal(readFileSync(join(FOLDER, name), 'utf8'), name);
  if (rehearsal === null) throw new Error(formatProblems(problems, { color: false }));
  return rehearsal;
}

const REHEARSALS = await Promise.all(FILES.map(async (file) => ({ file, rehearsal: await read(file) })));

test('there are scenarios, and each expects something', () => {
  expect(FILES.length).toBeGreaterThan(30);
  expect(REHEARSALS.filter(({ rehearsal }) => rehearsal.expect.length === 0)).toEqual([]);
});

test.each(REHEARSALS)('$file: $rehearsal.name', async ({ rehearsal }) => {
  const result = await runRehearsal(rehearsal);
  expect(result.failures).toEqual([]);
  expect(result.ok).toBe(true);
});

test('a rehearsal comes out the same every time, to the bit', async () => {
  const rehearsal = await read('contract-bad-canary.yaml');
  const [one, other] = [await runRehearsal(rehearsal), await runRehearsal(rehearsal)];
  expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  const another = await runRehearsal({ ...rehearsal, seed: 8 });
  expect(JSON.stringify(another)).not.toBe(JSON.stringify(one));
});
