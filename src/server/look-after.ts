/** The loop that looks after one environment: at least once a second and whenever its world changes, until it is told. */

import type { Controller, Platform } from '../delivery/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/fault.ts';

export interface LookAfterOptions {
  readonly key: string;
  readonly controller: Controller;
  readonly platform: Platform;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Ends the loop when the present look is done. */
  readonly ending: AbortSignal;
  /** Ends the present look too. */
  readonly now: AbortSignal;
}

export interface LookedAfter {
  readonly controller: Controller;
  /** The next look is due at once. */
  wake(): void;
  /** Resolves when nobody looks after it any more. */
  readonly ended: Promise<void>;
}

const LOOK_EVERY = 1000;
/** The same trouble is told again only when it has been over; another one at most this often. */
const COMPLAIN_EVERY = 60_000;

export function lookAfter(options: LookAfterOptions): LookedAfter {
  const { key, controller, platform, clock, ending, now } = options;
  const tell = createTeller(options);
  let due = true;
  let rouse = (): void => undefined;
  const wake = (): void => {
    due = true;
    rouse();
  };
  const unwatch = platform.watch(key, wake);

  const look = async (): Promise<void> => {
    try {
      await controller.tick(now);
      if (controller.state().gone) await controller.forget();
      tell.well();
    } catch (error) {
      if (!ending.aborted) tell.trouble(messageOf(error));
    }
  };
  /** Until the next look is due. An environment that is not there waits until somebody deploys to it. */
  const rest = async (): Promise<void> => {
    const resting = new AbortController();
    const end = (): void => resting.abort();
    rouse = end;
    ending.addEventListener('abort', end, { once: true });
    if (due || ending.aborted) end();
    await asleep(clock, { milliseconds: controller.exists() ? LOOK_EVERY : LONG, signal: resting.signal });
    ending.removeEventListener('abort', end);
  };
  const loop = async (): Promise<void> => {
    while (!ending.aborted) {
      due = false;
      if (controller.exists()) await look();
      await rest();
    }
    unwatch();
  };
  return { controller, wake, ended: loop() };
}

const LONG = 24 * 60 * 60 * 1000;

async function asleep(
  clock: Clock,
  { milliseconds, signal }: { readonly milliseconds: number; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await clock.sleep(milliseconds, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** A world that can't be seen is no reason to stop looking; that is told, and when it is over, not every second. */
function createTeller({ key, journal, clock }: LookAfterOptions): { trouble(message: string): void; well(): void } {
  let complained: { readonly message: string; readonly at: number } | null = null;
  const write = (kind: string, message: string): void => {
    try {
      journal.append([{ kind, subject: key, data: { message } }]);
    } catch {
      // It is the journal that is in trouble: there is nobody to tell.
    }
  };
  return {
    trouble(message) {
      const at = clock.monotonic();
      if (complained !== null && (message === complained.message || at - complained.at < COMPLAIN_EVERY)) return;
      complained = { message, at };
      write('agent.failed', message);
    },
    well() {
      if (complained !== null) write('agent.recovered', `over: ${complained.message}`);
      complained = null;
    },
  };
}
