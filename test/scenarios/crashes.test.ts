/**
 * Invariant I10 and X01: the engine is killed after an intent or an outcome was saved, and comes to the same end by the
 * same way. At every single point of some scenarios, and again and again in all of them.
 */

import { expect, test } from 'vitest';
import { rehearseCrashes } from '../../src/delivery/rehearsal/index.ts';
import { readScenario, readScenarios } from './read-scenarios.ts';

const EXHAUSTIVE = [
  'c01-abort-then-retry.yaml',
  'c18-dynamic-abort.yaml',
  'b04-gate-before-fails.yaml',
  'b04-judge-before-fails.yaml',
  'f01-failing-then-good.yaml',
];

test.each(EXHAUSTIVE)('%s is killed at each point', async (file) => {
  const { points, differences } = await rehearseCrashes(await readScenario(file));
  expect(points).toBeGreaterThan(5);
  expect(differences).toEqual([]);
});

const SCENARIOS = await readScenarios();

test.each(SCENARIOS)('$file is killed at every third point', async ({ rehearsal }) => {
  const { differences } = await rehearseCrashes(rehearsal, { every: 3, check: false });
  expect(differences).toEqual([]);
});
