/** Looks again and again: every so often, and at once when there is something to see. One look at a time. */

import type { Clock } from '../../kernel/clock.ts';

export interface LookLoop {
  start(): void;
  /** Look at once, or once more after the look that is under way. */
  kick(): void;
  /** Resolves when no look is under way and none will be. */
  end(): Promise<void>;
  /** @throws what the last look threw, when it did: the next one may find things better (a disk that was full). */
  check(): void;
}

export interface LookLoopOptions {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly every: number;
  readonly look: () => Promise<void>;
}

export function createLookLoop({ clock, every, look }: LookLoopOptions): LookLoop {
  let ended = false;
  let kicked = false;
  let rest: AbortController | null = null;
  let looking: Promise<void> = Promise.resolve();
  let trouble: { readonly error: unknown } | null = null;

  const run = async (): Promise<void> => {
    for (;;) {
      if (!kicked) {
        rest = new AbortController();
        await clock.sleep(every, rest.signal).catch(() => undefined);
        rest = null;
      }
      kicked = false;
      if (ended) return;
      try {
        await look();
        trouble = null;
      } catch (error) {
        trouble = { error };
      }
    }
  };
  const kick = (): void => {
    kicked = true;
    rest?.abort();
  };
  return {
    start() {
      looking = run();
    },
    kick,
    async end() {
      ended = true;
      kick();
      await looking;
    },
    check() {
      if (trouble !== null) throw trouble.error;
    },
  };
}
