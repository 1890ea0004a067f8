import { describe, expect, test } from 'vitest';
import { worseLogs } from './relative.ts';
import { beginLater, logSuspicion, startSuspicion, suspect, type Suspicion } from './suspicion.ts';

/** Mean of the e-value after so many looks of `events` bad events each, over all their outcomes under "no worse". */
function mean(
  suspicion: Suspicion,
  begun: number,
  looks: readonly { events: number; q: number; later: boolean }[],
): number {
  const [next, ...rest] = looks;
  if (next === undefined) return Math.exp(logSuspicion(suspicion, begun));
  const number = next.later ? begun + 1 : begun;
  const ready = next.later ? beginLater(suspicion, number) : suspicion;
  let total = 0;
  let mass = (1 - next.q) ** next.events;
  for (let bad = 0; bad <= next.events; bad += 1) {
    total += mass * mean(suspect(ready, worseLogs({ ...next, bad }, 1)), number, rest);
    mass *= ((next.events - bad) / (bad + 1)) * (next.q / (1 - next.q));
  }
  return total;
}

describe('the mixture of tests that begin at different times', () => {
  test('is fair under "no worse", however many have begun', () => {
    const look = { events: 3, q: 0.1, later: false };
    const later = { ...look, later: true };
    expect(mean(startSuspicion(0), 0, [look, look])).toBeCloseTo(1, 5);
    expect(mean(startSuspicion(0), 0, [look, later, later, look])).toBeCloseTo(1, 5);
    expect(mean(startSuspicion(0), 0, [later, later, { ...later, q: 0.5 }, later])).toBeCloseTo(1, 5);
  });

  test('starts at 1 for a part that is first seen when some have begun', () => {
    for (const begun of [0, 1, 60]) expect(logSuspicion(startSuspicion(begun), begun)).toBeCloseTo(0, 12);
    expect(mean(startSuspicion(3), 3, [{ events: 4, q: 0.2, later: true }])).toBeCloseTo(1, 5);
  });

  test('is at first 0.9 of the test from the start', () => {
    const pure = Math.exp(logSuspicion(suspect(startSuspicion(0), worseLogs({ bad: 3, events: 3, q: 0.05 }, 1)), 0));
    expect(pure).toBeCloseTo(0.9 * 1209.0315 + 0.1, 2);
  });

  test('notices after an hour of good requests what the test from the start is blind to', () => {
    let suspicion = startSuspicion(0);
    for (let minute = 1; minute <= 60; minute += 1) {
      suspicion = beginLater(suspect(suspicion, worseLogs({ bad: 0, events: 6, q: 0.05 }, 1)), minute);
    }
    const regression = worseLogs({ bad: 7, events: 7, q: 0.05 }, 1);
    const found = suspect(suspicion, regression);
    expect(logSuspicion(found, 60)).toBeGreaterThan(Math.log(100));
    expect(logSuspicion({ start: found.start, later: [] }, 60)).toBeLessThan(Math.log(100));
  });
});
