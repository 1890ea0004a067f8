/** When something can happen in a rehearsal: each full second, and every instant at which more does. */

import type { Expectation, Rehearsal, RehearsalEvent } from './rehearsal.ts';

export interface Schedule {
  /** The next instant after `now`; at most the end. `change`: when the world next changes by itself. */
  next(now: number, change: number): number;
  /** In the order of the file. */
  eventsAt(now: number): readonly RehearsalEvent[];
  expectationsAt(now: number): readonly Expectation[];
  /** No event is left after `now`. */
  eventsOver(now: number): boolean;
}

/** The engine looks at least so often, in milliseconds. */
const LOOK_EVERY = 1000;

export function createSchedule({ events, expect, until }: Rehearsal): Schedule {
  const expectations = expect.map((expectation) => ({ expectation, at: Math.min(expectation.at, until) }));
  const instants = [...events, ...expectations].map(({ at }) => at).sort((one, other) => one - other);
  const lastEvent = Math.max(-Infinity, ...events.map(({ at }) => at));
  let passed = 0;
  return {
    next(now, change) {
      while ((instants[passed] ?? Infinity) <= now) passed += 1;
      const second = (Math.floor(now / LOOK_EVERY) + 1) * LOOK_EVERY;
      return Math.min(until, second, instants[passed] ?? Infinity, change > now ? change : Infinity);
    },
    eventsAt: (now) => events.filter(({ at }) => at === now),
    expectationsAt: (now) => expectations.flatMap(({ expectation, at }) => (at === now ? [expectation] : [])),
    eventsOver: (now) => lastEvent <= now,
  };
}
