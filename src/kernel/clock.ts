/** The one door to time. Everything that waits or measures is handed a `Clock`, so a rehearsal or a test can drive it. */

import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Wall time in milliseconds since the epoch. For display and records only: it may jump. */
  wall(): number;
  /** Milliseconds that never go back, from an arbitrary origin. For every duration and deadline. */
  monotonic(): number;
  /** Resolves after `milliseconds`; rejects with the signal's reason when it aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  // Not `performance.now()`: what brings it takes a millisecond to load.
  monotonic() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1_000_000;
  },
  async sleep(milliseconds, signal) {
    try {
      await delay(milliseconds, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

export interface ManualClock extends Clock {
  /** Moves both times forward and wakes, in order, every sleeper whose time has come. */
  advance(milliseconds: number): Promise<void>;
}

interface Sleeper {
  readonly due: number;
  wake(): void;
}

/** A clock for tests: time moves only by `advance`. */
export function createManualClock(startWall = 0): ManualClock {
  let now = 0;
  let sleepers: Sleeper[] = [];
  return {
    wall: () => startWall + now,
    monotonic: () => now,
    sleep(milliseconds, signal) {
      signal?.throwIfAborted();
      return new Promise((resolve, reject) => {
        const sleeper: Sleeper = { due: now + milliseconds, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener(
          'abort',
          () => {
            sleepers = sleepers.filter((other) => other !== sleeper);
            reject(signal.reason as Error);
          },
          { once: true },
        );
      });
    },
    async advance(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        const next = sleepers.filter((sleeper) => sleeper.due <= end).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        now = Math.max(now, next.due);
        next.wake();
        // Let the woken code run up to its next await before time goes on.
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = end;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
