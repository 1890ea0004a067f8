/** The users of a rehearsal: requests arrive evenly, each draws its luck, and each outcome is written down. */

import { createRandom, type Random } from '../../kernel/random.ts';
import type { Rehearsal, SimulatedUsersSettings } from './rehearsal.ts';
import type { RunningRelease } from './simulated-release.ts';
import type { SimulatedRouter } from './simulated-router.ts';

/** What the users have seen since the start. */
export interface Users {
  readonly requests: number;
  readonly errors: number;
  /** Requests that came while nothing was exposed. */
  readonly unserved: number;
  /** Per release number. */
  readonly byRelease: Readonly<Record<number, Seen>>;
  /** How often any one key has changed its release within one rollout, at most. */
  readonly mostMoves: number;
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
  readonly rehearsal: Rehearsal;
  readonly router: SimulatedRouter;
  readonly playing: (release: number) => RunningRelease;
}

/**
 * A request draws its luck before anyone knows where it goes, so the same seed brings the same luck whatever the engine
 * does: rehearsals that differ in one thing can be compared. For the same reason each kind of luck has its own sequence.
 */
export function createSimulatedUsers({ rehearsal, router, playing }: SimulatedUsersOptions): SimulatedUsers {
  const { seed, spec, users: settings } = rehearsal;
  const [luck, pace, copied] = [createRandom(seed), createRandom(seed ^ PACE), createRandom(seed ^ COPIED)];
  const askers = createAskers(settings, { random: createRandom(seed ^ WHO), keyed: spec.affinity.kind !== 'none' });
  const total = { requests: 0, errors: 0, unserved: 0 };
  const byRelease = new Map<number, { requests: number; errors: number }>();
  const moves = createMoves();
  let arriving = 0;

  const request = (): void => {
    total.requests += 1;
    const own = { luck: luck.next(), pace: pace.next() };
    const asked = askers.next();
    const { key } = asked;
    const { release, source, isNew, copyTo } = router.direct(asked);
    if (copyTo !== null) {
      const copy = { luck: copied.next(), pace: copied.next() };
      playing(copyTo).serve({ ...copy, source: 'mirror', key: null, isNew: false });
    }
    if (release === null) {
      total.unserved += 1;
      return;
    }
    if (key !== null && source === 'split') moves.add(key, release, router.route().rollout);
    const ending = playing(release).serve({ ...own, source, key, isNew });
    let seen = byRelease.get(release);
    if (seen === undefined) byRelease.set(release, (seen = { requests: 0, errors: 0 }));
    seen.requests += 1;
    if (ending === 'good') return;
    seen.errors += 1;
    total.errors += 1;
  };

  const users: SimulatedUsers = {
    rate: rehearsal.traffic,
    send(milliseconds) {
      arriving += (users.rate * milliseconds) / 1000;
      // Sums of fractions may end a little below the whole request that they are.
      const count = Math.floor(arriving + 1e-6);
      arriving -= count;
      for (let index = 0; index < count; index += 1) request();
    },
    seen: () => ({ ...total, byRelease: structuredClone(Object.fromEntries(byRelease)), mostMoves: moves.most() }),
  };
  return users;
}

/** Any fixed numbers that differ: one sequence of the seed each. */
const [PACE, WHO, COPIED] = [0x9e3779b9, 0x7f4a7c15, 0x85ebca6b];

interface Askers {
  next(): { readonly key: string | null; readonly matches: boolean; readonly safe: boolean };
}

/** Who sends the next request. Only what the rehearsal asks about is drawn. */
function createAskers(
  { count, keyless, match, safe }: SimulatedUsersSettings,
  { random, keyed }: { readonly random: Random; readonly keyed: boolean },
): Askers {
  const happens = (share: number): boolean => (share >= 1 ? true : share > 0 && random.next() < share);
  const keys = Array.from({ length: keyed ? count : 0 }, (_, index) => `user-${index + 1}`);
  return {
    next: () => ({
      key: keyed && !happens(keyless) ? (keys[Math.floor(random.next() * count)] ?? null) : null,
      matches: happens(match),
      safe: happens(safe),
    }),
  };
}

/** How often each key has changed its release in the present rollout. */
function createMoves(): {
  add(key: string, release: number, rollout: string | null): void;
  most(): number;
} {
  const keys = new Map<string, { release: number; moves: number }>();
  let present: string | null = null;
  let most = 0;
  return {
    add(key, release, rollout) {
      if (rollout === null) return;
      if (rollout !== present) keys.clear();
      present = rollout;
      const known = keys.get(key);
      if (known === undefined) return void keys.set(key, { release, moves: 0 });
      if (known.release === release) return;
      known.release = release;
      known.moves += 1;
      most = Math.max(most, known.moves);
    },
    most: () => most,
  };
}
