/** What was seen of an environment while a rehearsal was played in the real world, held against what it expects. */

import type { Expectation, Range } from '../../src/delivery/index.ts';

/** What can be seen of an environment at one instant, by the names of the rehearsal. */
export interface Sight {
  /** Milliseconds since the start of the rehearsal. */
  readonly at: number;
  readonly phase: string;
  readonly reason: string | null;
  readonly step: number | null;
  readonly stable: string | null;
  readonly candidate: string | null;
  readonly outcome: string | null;
  readonly queued: string | null;
  readonly traffic: Readonly<Record<string, number>>;
  readonly ready: Readonly<Record<string, number>>;
  readonly refused: string | null;
}

/** How far from its instant an expectation may come true, in milliseconds. */
export interface Nearness {
  readonly early: number;
  readonly late: number;
}

/** What was not seen near the time at which it was expected. Counts of requests are not compared: time is scaled. */
export function disappointmentsOf(
  expectations: readonly Expectation[],
  sights: readonly Sight[],
  near: Nearness,
): readonly string[] {
  return expectations.flatMap((expectation) => differences(expectation, sights, near));
}

function differences(expectation: Expectation, sights: readonly Sight[], { early, late }: Nearness): readonly string[] {
  const { at } = expectation;
  const near = sights.filter((sight, index) => {
    const until = sights[index + 1]?.at ?? Infinity;
    return at === Infinity ? until === Infinity : sight.at <= at + late && until >= at - early;
  });
  if (near.some((sight) => fulfils(sight, expectation))) return [];
  return [`${JSON.stringify(expectation)} was expected, but ${near.map((sight) => JSON.stringify(sight)).join('\n')}`];
}

function fulfils(sight: Sight, expectation: Expectation): boolean {
  const words = ['phase', 'reason', 'stable', 'candidate', 'outcome', 'queued', 'refused'] as const;
  if (words.some((word) => expectation[word] !== undefined && expectation[word] !== sight[word])) return false;
  if (expectation.step !== undefined && !isIn(sight.step ?? -1, expectation.step)) return false;
  const all = (wanted: Readonly<Record<string, Range>>, seen: Readonly<Record<string, number>>): boolean =>
    Object.entries(wanted).every(([name, range]) => isIn(seen[name] ?? 0, range));
  return all(expectation.traffic ?? {}, sight.traffic) && all(expectation.ready ?? {}, sight.ready);
}

function isIn(value: number, { from, to }: Range): boolean {
  return value >= from - 1e-9 && value <= to + 1e-9;
}
