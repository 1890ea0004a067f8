/** The right to drive an environment, and the controller that there is for as long as it lasts. */

import {
  type Controller,
  createController,
  type Drivers,
  type EnvironmentSpec,
  type Platform,
  type Tenure,
  type Told,
} from '../delivery/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Fault } from '../kernel/fault.ts';
import { randomIdentifier } from '../kernel/random.ts';
import { lostRecord } from './lost-record.ts';
import type { Place } from './places.ts';

export interface Seat {
  readonly controller: Controller;
  readonly tenure: Tenure;
  /** Aborts when the right is lost, or the agent must end now. */
  readonly signal: AbortSignal;
}

export interface SeatOptions {
  readonly key: string;
  readonly place: Place;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly now: AbortSignal;
  readonly onPoint?: (name: 'intent' | 'outcome') => void;
}

export interface SeatWish {
  /** Whoever has it is to let go. */
  readonly wish: boolean;
  /** Of an environment that may be new. */
  readonly spec?: EnvironmentSpec;
}

/**
 * `null`: another drives, or there is nothing to drive. The record is read anew each time: another may have driven.
 *
 * @throws Fault `agent/lost-record` where it is wished for, and there is nothing.
 */
export async function takeSeat(options: SeatOptions, { wish, spec }: SeatWish): Promise<Seat | null> {
  const { key, place, journal, now } = options;
  const { store, drivers } = place;
  const tenure = await drivers.take(key, { wish }, now);
  if (tenure === null) return null;
  try {
    await copyEntries({ key, drivers, journal }, now);
    const known = (await store.load(key))?.record.state.spec ?? spec;
    if (known === undefined) {
      // Who waits for another to let go would wait in vain.
      if (wish) throw lostRecord(key);
      await tenure.release();
      return null;
    }
    const controller = await createController({
      ...options,
      spec: known,
      store,
      platform: fenced(key, place.platform, tenure),
      ...(place.shared ? { origin: randomIdentifier(8) } : {}),
    });
    return { controller, tenure, signal: AbortSignal.any([now, tenure.lost]) };
  } catch (error) {
    await tenure.release().catch(() => undefined);
    throw error;
  }
}

interface Copying {
  readonly key: string;
  readonly drivers: Drivers;
  readonly journal: Journal;
  /** The entries that were copied the last time: where it is these that are told again, nothing has to be done. */
  readonly copied?: Told['entries'];
}

/** What another has told goes into our own journal, each once. Returns what was told, and whether there is something. */
export async function copyEntries({ key, drivers, journal, copied }: Copying, signal?: AbortSignal): Promise<Told> {
  const told = await drivers.told(key, signal);
  if (told.entries.length > 0 && told.entries !== copied) journal.append(told.entries);
  return told;
}

/** Whoever has slept through the time for which it may drive learns of it before it changes anything. */
function fenced(key: string, platform: Platform, tenure: Tenure): Platform {
  return {
    observe: (context, signal) => platform.observe(context, signal),
    async apply(context, effect, signal) {
      if (!tenure.holds()) throw notOurs(key);
      await platform.apply(context, effect, signal);
    },
    check: (context, release, signal) => platform.check(context, release, signal),
    watch: (watched, onChange) => platform.watch(watched, onChange),
  };
}

function notOurs(key: string): Fault<'agent/not-driving'> {
  return new Fault({
    code: 'agent/not-driving',
    kind: 'unreachable',
    message: `It is not certain any more that this machine drives ${key}.`,
    hint: 'It is tried again when it is, or whoever drives now does it.',
    retryable: true,
  });
}
