/** The clock of a rehearsal: time is what the runner says it is, so an hour costs nothing. */

import type { Clock } from '../../kernel/clock.ts';

export interface VirtualClock extends Clock {
  /** Milliseconds after the start of the rehearsal; never back. */
  goTo(now: number): void;
}

/** Wall time of the start: any fixed instant, so that a rehearsal gives the same journal every time. */
export const START_WALL = Date.UTC(2026, 0, 1);

export function createVirtualClock(): VirtualClock {
  let now = 0;
  return {
    wall: () => START_WALL + now,
    monotonic: () => now,
    // The engine is driven by looks; nothing that runs in a rehearsal waits by itself.
    sleep: () => Promise.reject(new Error('nothing may sleep in a rehearsal')),
    goTo(next) {
      if (next < now) throw new RangeError(`time can't go back from ${now} to ${next}`);
      now = next;
    },
  };
}
