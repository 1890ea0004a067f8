/**
 * Looks after one environment until it is told to end. While another machine drives it, it stands by: it copies what that
 * one tells into our own journal. While we drive it, it looks at least once a second and whenever the world changes, and
 * lets go when another wants to drive. What it remembers of the environment lasts no longer than the right to drive.
 */

import type { Command, CommandAnswer, EnvironmentState, Told } from '../delivery/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Fault } from '../kernel/fault.ts';
import { livesOn, lostRecord } from './lost-record.ts';
import { copyEntries, type Seat, type SeatOptions, type SeatWish, takeSeat } from './seat.ts';
import { createTeller } from './teller.ts';

export interface LookAfterOptions extends SeatOptions {
  /** Ends the loop when the present look is done. */
  readonly ending: AbortSignal;
  /** Whether it drives by itself when nobody else does. */
  readonly standsBy: () => boolean;
}

export interface LookedAfter {
  /**
   * Takes the right to drive, from who has it if need be, then obeys.
   *
   * @throws Fault `agent/not-let-go` when another does not let go.
   */
  command(command: Command): Promise<CommandAnswer>;
  /** `null`: nothing is there. Of one that another drives: as it was saved last. */
  state(): Promise<EnvironmentState | null>;
  /** Reads what was told by others until now. Returns whether anything is there. */
  catchUp(): Promise<boolean>;
  /** Resolves when we do not drive any more. */
  letGo(): Promise<void>;
  /** Ends it before the agent ends. */
  close(): Promise<void>;
  /** Resolves when nobody looks after it any more. */
  readonly ended: Promise<void>;
}

const LOOK_EVERY = 1000;
/** Where nothing is there; that something has come is told by a watch. */
const LOOK_RARELY = 60_000;
/** How often one that has to let go is asked, and for how long: a dead one is waited for as well. */
const ASK_EVERY = 200;
const PATIENCE = 40_000;
/** A command is tried again when another has changed the record under it. */
const ATTEMPTS = 3;

export function lookAfter(options: LookAfterOptions): LookedAfter {
  const { key, place, journal, clock, now, standsBy } = options;
  const closing = new AbortController();
  const ending = AbortSignal.any([options.ending, closing.signal]);
  const { store, platform, drivers } = place;
  const tell = createTeller(options);
  const leaving: (() => void)[] = [];
  let seat: Seat | null = null;
  let exists = false;
  let copied: Told['entries'] = [];
  let commands = 0;
  let due = true;
  let rouse = (): void => undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const wake = (): void => {
    due = true;
    rouse();
  };
  /** Of the changes of who drives, one after another. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };
  const sit = async (wish: SeatWish): Promise<Seat | null> => {
    if (seat !== null && !seat.tenure.lost.aborted) return seat;
    seat = await takeSeat(options, wish);
    seat?.tenure.lost.addEventListener('abort', wake, { once: true });
    return seat;
  };
  const leave = (left: Seat): Promise<void> =>
    inTurn(async () => {
      if (seat === left) seat = null;
      await left.tenure.release().catch(() => undefined);
    });
  const mustLeave = ({ controller, tenure }: Seat): boolean =>
    tenure.lost.aborted || (commands === 0 && (tenure.wanted() || leaving.length > 0 || !controller.exists()));

  const copy = async (): Promise<boolean> => {
    const told = await copyEntries({ key, drivers, journal, copied }, now);
    copied = told.entries;
    return told.exists;
  };
  const standBy = async (): Promise<void> => {
    exists = await copy();
    if (!exists && livesOn(key, journal)) throw lostRecord(key);
    if (exists && standsBy()) await inTurn(() => sit({ wish: false }));
  };
  const look = async ({ controller, signal }: Seat): Promise<void> => {
    exists = controller.exists();
    if (!exists) return;
    await controller.tick(signal);
    if (controller.state().gone) await controller.forget();
  };
  const step = async (): Promise<void> => {
    try {
      if (seat !== null && mustLeave(seat)) await leave(seat);
      if (seat === null) leaving.splice(0).forEach((left) => left());
      if (seat === null) await standBy();
      if (seat !== null) await look(seat);
      tell.well();
    } catch (error) {
      // What another has saved is no trouble: the next step sees what is there now.
      if (seat !== null && isStale(error)) await leave(seat);
      else if (!ending.aborted) tell.trouble(error);
    }
  };
  const loop = async (): Promise<void> => {
    const unwatch = [
      platform.watch(key, () => seat !== null && wake()),
      // Our own saves are no news.
      drivers.watch(key, () => (seat === null || seat.tenure.wanted()) && wake()),
    ];
    const rest = createRest({ clock, ending });
    rouse = rest.rouse;
    while (!ending.aborted) {
      due = false;
      await step();
      await rest.until({ milliseconds: exists ? LOOK_EVERY : LOOK_RARELY, unless: () => due });
    }
    unwatch.forEach((end) => end());
    if (seat !== null) await leave(seat);
    leaving.splice(0).forEach((left) => left());
  };
  const seated = (command: Command): Promise<Seat> =>
    inTurn(async () => {
      const wish: SeatWish = { wish: true, ...('spec' in command ? { spec: command.spec } : {}) };
      const deadline = clock.monotonic() + PATIENCE;
      for (;;) {
        const taken = await sit(wish);
        if (taken !== null) return taken;
        if (clock.monotonic() > deadline) throw notLetGo(key, drivers.holder(key));
        await clock.sleep(ASK_EVERY, now);
      }
    });
  const obey = async (command: Command): Promise<CommandAnswer> => {
    for (let attempt = 1; ; attempt += 1) {
      const { controller, tenure, signal } = await seated(command);
      try {
        return await controller.command(command, signal);
      } catch (error) {
        if (attempt === ATTEMPTS || !(isStale(error) || tenure.lost.aborted)) throw error;
        // What was not saved was not obeyed.
        if (seat?.controller === controller) await leave(seat);
      }
    }
  };
  const ended = loop();
  return {
    async command(command) {
      commands += 1;
      try {
        return await obey(command);
      } finally {
        commands -= 1;
        wake();
      }
    },
    async state() {
      if (seat !== null) return seat.controller.exists() ? seat.controller.state() : null;
      return (await store.load(key))?.record.state ?? null;
    },
    catchUp: copy,
    letGo: () =>
      new Promise<void>((resolve) => {
        if (ending.aborted) return resolve(ended);
        leaving.push(resolve);
        wake();
      }),
    async close() {
      closing.abort();
      await ended;
    },
    ended,
  };
}

/** Pauses of the loop that can be cut short. */
function createRest({ clock, ending }: { readonly clock: Clock; readonly ending: AbortSignal }) {
  let resting = new AbortController();
  return {
    rouse: () => resting.abort(),
    async until({ milliseconds, unless }: { readonly milliseconds: number; readonly unless: () => boolean }) {
      resting = new AbortController();
      const end = (): void => resting.abort();
      ending.addEventListener('abort', end, { once: true });
      if (unless() || ending.aborted) end();
      await asleep(clock, { milliseconds, signal: resting.signal });
      ending.removeEventListener('abort', end);
    },
  };
}

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

function isStale(error: unknown): boolean {
  return error instanceof Fault && error.code === 'delivery/stale-version';
}

function notLetGo(key: string, holder: string | null): Fault<'agent/not-let-go'> {
  return new Fault({
    code: 'agent/not-let-go',
    kind: 'unreachable',
    message: `${holder ?? 'Another machine'} drives ${key}, and has not let go of it within ${PATIENCE / 1000} s.`,
    hint: 'Run the command again, or on that machine.',
    retryable: true,
  });
}
