/** The engine against rehearsals that nobody wrote: whatever happens in whatever order, every invariant holds. */

import { expect, test } from 'vitest';
import type { Strategy } from '../environment-spec.ts';
import { rehearseCrashes, runRehearsal } from './index.ts';
import { randomCanary } from './random-canary.ts';
import { randomRehearsal } from './random-rehearsal.ts';

/** What goes wrong in the rehearsals with these seeds, one line each. */
async function failuresOf(
  from: number,
  count: number,
  kinds?: readonly Strategy['kind'][],
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runRehearsal(randomRehearsal(seed, kinds));
    for (const { at, message } of result.failures) failures.push(`seed ${seed}, ${at / 1000} s: ${message}`);
  }
  return failures;
}

test('random rehearsals break no invariant', async () => {
  expect(await failuresOf(0, 150)).toEqual([]);
});

test.each(['rolling', 'blueGreen', 'canary'] as const)('nor do those with %s plans alone', async (kind) => {
  expect(await failuresOf(1000, 50, [kind])).toEqual([]);
});

test('random rehearsals come to the same end whatever point the engine is killed at', async () => {
  const failures: string[] = [];
  let points = 0;
  for (let seed = 0; seed < 16; seed += 1) {
    const result = await rehearseCrashes(randomRehearsal(seed));
    points += result.points;
    for (const { point, message } of result.differences) failures.push(`seed ${seed}, point ${point}: ${message}`);
  }
  expect(points).toBeGreaterThan(60);
  expect(failures).toEqual([]);
});

test('random rehearsals come to the same end however often the engine is killed', async () => {
  const failures: string[] = [];
  for (let seed = 100; seed < 160; seed += 1) {
    const { differences } = await rehearseCrashes(randomRehearsal(seed), { every: 2, check: false });
    for (const { point, message } of differences) failures.push(`seed ${seed}, point ${point}: ${message}`);
  }
  expect(failures).toEqual([]);
});

/** Each of these has once shown a fault of the engine. */
const SEEDS_OF_OLD_FAULTS = [201, 241, 1249, 1595, 1646, 2017, 2752, 2846, 3988, 7809, 11_414, 12_801];

test('canaries that once showed a fault hold', async () => {
  for (const seed of SEEDS_OF_OLD_FAULTS) {
    const { failures } = await runRehearsal(randomCanary(seed));
    expect({ seed, failures }).toEqual({ seed, failures: [] });
  }
});

const SEEDS_OF_OLD_ROLLING_FAULTS = [1031, 1041, 20_006, 30_042, 31_372, 40_161, 40_348, 40_530, 41_350, 50_552];

test('rolling plans that once showed a fault hold', async () => {
  for (const seed of SEEDS_OF_OLD_ROLLING_FAULTS) expect(await failuresOf(seed, 1, ['rolling'])).toEqual([]);
});

test('rehearsals of all strategies that once showed a fault hold', async () => {
  for (const seed of [100_155, 100_818, 121_625, 122_229]) expect(await failuresOf(seed, 1)).toEqual([]);
});
