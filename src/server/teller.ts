/** Trouble with an environment, told to the journal once and not every second. */

import { openTrouble, type Trouble } from '../delivery/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Fault, messageOf } from '../kernel/fault.ts';

/** A world that can't be seen is no reason to stop looking; that is told, and when it is over. */
export interface Teller {
  trouble(error: unknown): void;
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
  let begun = false;
  const write = (kind: string, data: Trouble): void => {
    try {
      journal.append([{ kind, subject: key, data: { ...data } }]);
    } catch {
      // It is the journal that is in trouble: there is nobody to tell.
    }
  };
  return {
    trouble(error) {
      begun = true;
      const message = messageOf(error);
      const at = clock.monotonic();
      if (complained !== null && (message === complained.message || at - complained.at < COMPLAIN_EVERY)) return;
      complained = { message, at };
      write('agent.failed', { message, ...(error instanceof Fault ? { hint: error.hint } : {}) });
    },
    well() {
      // An agent that ended in trouble has not said that it is over.
      const open = complained ?? (begun ? null : openTrouble(journal, key));
      begun = true;
      if (open !== null) write('agent.recovered', { message: `over: ${open.message}` });
      complained = null;
    },
  };
}
