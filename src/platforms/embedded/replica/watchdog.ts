/**
 * Ends the process when a request runs too long, or when the process holds too much memory (what a guest makes its host keep is
 * not in the guest's own bounded memory). A guest that loops blocks the thread that it runs in, so a second thread watches; the
 * two share a few bytes and no event loop.
 */

import { parentPort, Worker } from 'node:worker_threads';
import type { Clock } from '../../../kernel/clock.ts';
import { timePrefix } from '../output-line.ts';
import { writeAll } from './line-writer.ts';
import { keepCounters } from './metrics/kept-counters.ts';
import { attachCounters, type CountedOutcome, type SharedCounters } from './metrics/request-counters.ts';

/** How the lines start that say why the process ended. */
export const MEMORY_LINE = 'slipway: memory exceeded';
export const DEADLINE_LINE = 'slipway: request deadline exceeded';

const LONGEST_NAME = 256;

/** Places in the shared words: a count that is odd while a request runs, the length of its name, one to sleep on. */
const COUNT = 0;
const LENGTH = 1;
const NOTHING = 2;
const WORDS = 3;

export interface Watchdog {
  /** Resolves when the other thread watches. */
  readonly watching: Promise<void>;
  /** A request starts to run; `name` is for the line that tells of its end. */
  begin(name: string): void;
  end(): void;
}

export interface WatchBounds {
  /** Milliseconds that one request may run. */
  readonly deadline: number;
  /** Bytes that the process may hold. */
  readonly resident: number;
  /** Whether the line that tells of the end gets the time in front. */
  readonly timestamps: boolean;
}

/** What is counted of the request that ends the process, and the file in which all that was counted is left. */
export interface LastCount {
  readonly counters: SharedCounters;
  readonly keep: string;
}

/** What the watching thread is given. */
export interface WatchOrder extends WatchBounds {
  readonly last: LastCount | null;
  readonly shared: SharedArrayBuffer;
}

/** Starts the watching thread. `entry` is a module that calls `watch` in a thread that is not the main one. */
export function startWatchdog(bounds: WatchBounds, entry: URL, last: LastCount | null = null): Watchdog {
  const shared = new SharedArrayBuffer(WORDS * 4 + LONGEST_NAME);
  const words = new Int32Array(shared, 0, WORDS);
  const name = Buffer.from(shared, WORDS * 4);
  const order: WatchOrder = { ...bounds, last, shared };
  const thread = new Worker(entry, { workerData: order });
  const watching = new Promise<void>((resolve, reject) => {
    thread.once('message', () => {
      // From now on it keeps nobody from ending.
      thread.unref();
      resolve();
    });
    thread.once('error', reject);
  });
  return {
    watching,
    begin(text) {
      words[LENGTH] = name.write(text, 'utf8');
      Atomics.add(words, COUNT, 1);
      Atomics.notify(words, COUNT);
    },
    end() {
      Atomics.add(words, COUNT, 1);
    },
  };
}

/**
 * Watches until the process ends. It looks from time to time instead of being woken by each request: a request may run
 * longer than the deadline by one such interval.
 */
export function watch({ shared, deadline, resident, timestamps, last }: WatchOrder, clock: Clock): never {
  const endProcess = (outcome: CountedOutcome, milliseconds: number, reason: string): void => {
    if (last !== null) {
      const counters = attachCounters(last.counters);
      counters.count(outcome, milliseconds);
      keepCounters(last.keep, counters.read());
    }
    writeAll(2, Buffer.from(`${timestamps ? timePrefix(clock.wall()) : ''}${reason}\n`));
    // The main thread can't be asked: it is busy, and would be for ever.
    process.kill(process.pid, 'SIGKILL');
  };
  const words = new Int32Array(shared, 0, WORDS);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort?.postMessage('watching');
  const interval = Math.min(100, Math.max(5, deadline / 10));
  for (;;) {
    const count = Atomics.load(words, COUNT);
    if ((count & 1) === 0) {
      Atomics.wait(words, COUNT, count);
      continue;
    }
    const began = clock.monotonic();
    while (Atomics.load(words, COUNT) === count) {
      const passed = clock.monotonic() - began;
      const left = deadline - passed;
      if (left <= 0)
        endProcess('timeout', passed, `${DEADLINE_LINE}: ${nameOf(shared)} ran longer than ${deadline} ms`);
      const held = process.memoryUsage.rss();
      if (held > resident)
        endProcess('trap', passed, `${MEMORY_LINE}: the process holds ${held} bytes in ${nameOf(shared)}`);
      Atomics.wait(words, NOTHING, 0, Math.min(left, interval));
    }
  }
}

function nameOf(shared: SharedArrayBuffer): string {
  const [, length = 0] = new Int32Array(shared, 0, WORDS);
  return Buffer.from(shared, WORDS * 4, length).toString('utf8');
}
