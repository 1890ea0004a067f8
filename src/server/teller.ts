/** Trouble with an environment, told to the journal once and not every second. */

import type { Journal } from '../journal/index.ts';
import type { Clock } from '../kernel/clock.ts';

/** A world that can't be seen is no reason to stop looking; that is told, and when it is over. */
export interface Teller {
  trouble(message: string): void;
  well(): void;
}

export interface TellerOptions {
  readonly key: string;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** The same trouble is told again only when it has been over; another one at most this often. */
const COMPLAIN_EVERY = 60_000;

export function createTeller({ key, journal, clock }: TellerOptions): Teller {
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
