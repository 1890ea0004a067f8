/**
 * The scenario suite (facts/rollouts.md section 5): every file here is a rehearsal whose expectations and invariants
 * hold, and which comes out the same when it is run again.
 */

import { expect, test } from 'vitest';
import { rehearseSeeds, runRehearsal } from '../../src/delivery/index.ts';
import { readScenario, readScenarios } from './read-scenarios.ts';

const SCENARIOS = await readScenarios();

/**
 * The rows of section 5 without those that are about objects of others (C24 C25 C27 N08 N09 O06 S01 T01 T03 F11 F12) and
 * the vectors of a judge that is not ours (K01–K12, in src/delivery/judge).
 */
const ROWS = [
  ['C01 C02 C03 C04 C06 C08 C09 C10 C11 C12 C14 C15 C17 C18 C20 C21 C22 C23 C26'],
  ['B01 B02 B03 B04 B05 B07 B09'],
  ['N01 N02 N03 N05 N07'],
  ['R01 R03 R04'],
  ['T02 T04'],
  ['F01 F05 F06 F08 F09 F10'],
  ['O03 O04'],
  ['X01 X03 X04 X05 X06 X07'],
].flatMap(([rows = '']) => rows.split(' '));

test('every row of the conformance suite has a file that is named by it', () => {
  const named = new Set(SCENARIOS.map(({ file }) => file.split('-')[0]));
  expect(ROWS.filter((row) => !named.has(row.toLowerCase()))).toEqual([]);
});

test('every scenario expects something', () => {
  expect(SCENARIOS.filter(({ rehearsal }) => rehearsal.expect.length === 0)).toEqual([]);
});

test.each(SCENARIOS)('$file: $rehearsal.name', async ({ rehearsal }) => {
  const result = await runRehearsal(rehearsal);
  expect(result.failures).toEqual([]);
  expect(result.ok).toBe(true);
});

test('a rehearsal comes out the same every time, to the bit', async () => {
  const rehearsal = await readScenario('contract-bad-canary.yaml');
  const [one, other] = [await runRehearsal(rehearsal), await runRehearsal(rehearsal)];
  expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  const another = await runRehearsal({ ...rehearsal, seed: 8 });
  expect(JSON.stringify(another)).not.toBe(JSON.stringify(one));
});

test('a healthy canary is aborted in hardly any of a hundred seeds', async () => {
  const rehearsal = await readScenario('x06-healthy-canary.yaml');
  const options = { check: false, stopWhenDecided: true };
  const { outcomes } = await rehearseSeeds({ ...rehearsal, expect: [] }, 100, options);
  // At a false alarm probability of 1 % five or more of a hundred come in less than 0.4 % of all cases.
  expect(outcomes.aborted).toBeLessThan(5);
  expect(outcomes.aborted + outcomes.promoted).toBe(100);
});
