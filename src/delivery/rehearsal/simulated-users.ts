/** The users of a rehearsal: requests arrive evenly, each draws its luck, and each outcome is written down. */

import type { Random } from '../../kernel/random.ts';
import type { RunningRelease } from './simulated-release.ts';

/** What the users have seen since the start. */
export interface Users {
  readonly requests: number;
  readonly errors: number;
  /** Requests that came while nothing was exposed. */
  readonly unserved: number;
  /** Per release number. */
  readonly byRelease: Readonly<Record<number, Seen>>;
}

export interface Seen {
  readonly requests: number;
  readonly errors: number;
}

export interface SimulatedUsers {
  /** Requests per second, from now on. */
  rate: number;
  /** Sends the requests of so many milliseconds. */
  send(milliseconds: number): void;
  seen(): Users;
}

export interface SimulatedUsersOptions {
  readonly rate: number;
  readonly random: Random;
  /** The release that gets the next request; `null` when nothing is exposed. */
  readonly next: () => RunningRelease | null;
}

/**
 * A request draws its luck before anyone knows where it goes, so the same seed brings the same luck whatever the engine
 * does: rehearsals that differ in one thing can be compared.
 */
export function createSimulatedUsers({ rate, random, next }: SimulatedUsersOptions): SimulatedUsers {
  const total = { requests: 0, errors: 0, unserved: 0 };
  const byRelease = new Map<number, { requests: number; errors: number }>();
  let arriving = 0;

  const request = (): void => {
    total.requests += 1;
    const luck = random.next();
    const release = next();
    if (release === null) {
      total.unserved += 1;
      return;
    }
    const { errors, traps } = release.behaviour;
    const outcome = release.serve(luck < traps ? 'trap' : luck < traps + errors ? 'bad' : 'good');
    let seen = byRelease.get(release.number);
    if (seen === undefined) byRelease.set(release.number, (seen = { requests: 0, errors: 0 }));
    seen.requests += 1;
    if (outcome === 'good') return;
    seen.errors += 1;
    total.errors += 1;
  };

  const users: SimulatedUsers = {
    rate,
    send(milliseconds) {
      arriving += (users.rate * milliseconds) / 1000;
      // Sums of fractions may end a little below the whole request that they are.
      const count = Math.floor(arriving + 1e-6);
      arriving -= count;
      for (let index = 0; index < count; index += 1) request();
    },
    seen: () => ({ ...total, byRelease: structuredClone(Object.fromEntries(byRelease)) }),
  };
  return users;
}
