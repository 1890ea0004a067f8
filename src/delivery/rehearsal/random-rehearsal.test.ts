/** The engine against rehearsals that nobody wrote: whatever happens in whatever order, every invariant holds. */

import { expect, test } from 'vitest';
import { rehearseCrashes, runRehearsal } from './index.ts';
import { randomRehearsal } from './random-rehearsal.ts';

test('random rehearsals break no invariant', async () => {
  const failures: string[] = [];
  for (let seed = 0; seed < 120; seed += 1) {
    const result = await runRehearsal(randomRehearsal(seed));
    for (const { at, message } of result.failures) failures.push(`seed ${seed}, ${at / 1000} s: ${message}`);
  }
  expect(failures).toEqual([]);
});

test('random rehearsals come to the same end whatever point the engine is killed at', async () => {
  const failures: string[] = [];
  let points = 0;
  for (let seed = 0; seed < 12; seed += 1) {
    const result = await rehearseCrashes(randomRehearsal(seed));
    points += result.points;
    for (const { point, message } of result.differences) failures.push(`seed ${seed}, point ${point}: ${message}`);
  }
  expect(points).toBeGreaterThan(100);
  expect(failures).toEqual([]);
});

/** Each of these has once shown a fault of the engine. */
const SEEDS_OF_OLD_FAULTS = [201, 241, 1249, 1595, 1646, 2017, 2752, 2846, 3988, 7809, 11_414, 12_801];

test('rehearsals that once showed a fault hold', async () => {
  for (const seed of SEEDS_OF_OLD_FAULTS) {
    const { failures } = await runRehearsal(randomRehearsal(seed));
    expect({ seed, failures }).toEqual({ seed, failures: [] });
  }
});
