/** A Lease that is ours, kept up by renewing it until it is released or lost. */

import type { Tenure } from '../../delivery/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { kubernetesFault } from './kubernetes-fault.ts';
import type { LeaseState } from './lease-object.ts';

export interface TenureOptions {
  readonly key: string;
  readonly clock: Clock;
  readonly taken: LeaseState;
  /** Monotonic time before which it was taken. */
  readonly begun: number;
  /** How long it counts for others after a renewal. */
  readonly duration: number;
  readonly read: () => Promise<LeaseState | null>;
  /** Writes onto what was read; `null`: it is not that any more. */
  readonly put: (state: LeaseState) => Promise<LeaseState | null>;
  /** Whether another wants to drive, as far as the watch of the Lease says. */
  readonly wanted: () => boolean;
}

/** A holder takes its Lease for lost when so much of it has passed without a renewal: long before another may have it. */
const SAFE_SHARE = 2 / 3;
/** It is renewed so often while it counts; what has failed is tried again after half the time. */
const RENEWALS = 5;

export function keepTenure(options: TenureOptions): Tenure {
  const { key, clock, taken, begun, duration, read, put, wanted } = options;
  const safe = duration * SAFE_SHARE;
  const lost = new AbortController();
  const over = new AbortController();
  let current = taken;
  let renewedAt = begun;
  let renewedAtWall = taken.renewed;
  let renewing: Promise<unknown> = Promise.resolve();

  const lose = (): void => {
    over.abort();
    lost.abort(lostLease(key));
  };
  // The monotonic clock stands still while a machine is suspended, its wall clock does not. One that is set forward costs
  // no more than a renewal.
  const expired = (): boolean => clock.monotonic() - renewedAt >= safe || clock.wall() - renewedAtWall >= safe;
  const renew = async (): Promise<void> => {
    const [started, wall] = [clock.monotonic(), clock.wall()];
    const renewed = await put({ ...current, renewed: wall });
    if (renewed !== null) {
      current = renewed;
      renewedAt = started;
      renewedAtWall = wall;
      return;
    }
    const found = await read();
    if (found?.holder !== taken.holder) lose();
    // Another has told its wish: what was there before is not what is there now.
    else current = found;
  };
  const keep = async (): Promise<void> => {
    while (await slept(clock, duration / RENEWALS / 2, over.signal)) {
      if (clock.monotonic() - renewedAt < duration / RENEWALS) continue;
      renewing = renew().catch(() => undefined);
      await renewing;
    }
  };
  /** Beside the renewals, as one of them may hang. */
  const watch = async (): Promise<void> => {
    while (await slept(clock, Math.max(1, renewedAt + safe - clock.monotonic()), over.signal)) {
      if (expired()) lose();
    }
  };
  void keep();
  void watch();
  return {
    lost: lost.signal,
    wanted: () => wanted() || current.wish !== null,
    holds: () => !over.signal.aborted && !expired(),
    async release() {
      if (over.signal.aborted) return;
      over.abort();
      await renewing;
      for (let state: LeaseState | null = current; state?.holder === taken.holder; state = await read()) {
        if ((await put({ ...state, holder: null })) !== null) return;
      }
    },
  };
}

/** Whether it is to go on after it has slept. */
async function slept(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  await clock.sleep(milliseconds, signal).catch(() => undefined);
  return !signal.aborted;
}

function lostLease(key: string): Error {
  return kubernetesFault({
    code: 'kubernetes/lost-lease',
    kind: 'unreachable',
    message: `This machine does not drive ${key} any more: its Lease could not be renewed in time, or another has it.`,
    hint: 'Whoever holds the Lease goes on; run the command again to take it back.',
    retryable: true,
  });
}
