/** One release on the simulated platform: its replicas, when they get ready, and what they have counted. */

import { type CounterRow, noLatency, type ReleaseStatus } from '../observation.ts';
import type { SimulatedRelease } from './rehearsal.ts';

export interface RunningRelease {
  /** Release number, and the name under which the rehearsal describes it. */
  readonly number: number;
  readonly name: string;
  behaviour: SimulatedRelease;
  /** Runs so many replicas, from `now` on; `settle` says who is ready. */
  scale(replicas: number, now: number): void;
  /** Makes ready whoever is due. Returns whether readiness changed. */
  settle(now: number): boolean;
  /** When the next replica gets ready by itself; `Infinity` when none does. */
  nextReady(): number;
  /** `null` when it runs nothing. */
  status(): ReleaseStatus | null;
  /** Counts one request at the next ready replica; without one it fails at the door. */
  serve(outcome: 'good' | 'bad' | 'trap'): 'good' | 'bad' | 'trap';
  /** All counters start again from zero in a new epoch. */
  resetCounters(): void;
  counters(): readonly CounterRow[];
}

interface Replica {
  readonly startedAt: number;
  started: boolean;
  ready: boolean;
  readonly counted: Counted;
}

interface Counted {
  readonly name: string;
  epoch: number;
  requests: number;
  errors: number;
  traps: number;
}

export interface RunningReleaseOptions {
  readonly number: number;
  readonly name: string;
  readonly behaviour: SimulatedRelease;
}

export function createRunningRelease({ number, name, behaviour }: RunningReleaseOptions): RunningRelease {
  let replicas: Replica[] = [];
  let ready: Replica[] = [];
  let turn = 0;
  let named = 0;
  // One row for every replica that ever served, also after its end; `door` counts what no replica could take.
  const rows: Counted[] = [];
  const row = (name: string): Counted => {
    const counted = { name, epoch: 1, requests: 0, errors: 0, traps: 0 };
    rows.push(counted);
    return counted;
  };
  let door: Counted | null = null;

  const release: RunningRelease = {
    number,
    name,
    behaviour,
    scale(count, now) {
      replicas = replicas.slice(0, count);
      while (replicas.length < count) {
        named += 1;
        replicas.push({ startedAt: now, started: false, ready: false, counted: row(`${number}-${named}`) });
      }
    },
    settle(now) {
      const { startsIn, maxReady } = release.behaviour;
      let room = maxReady ?? Infinity;
      for (const replica of replicas) {
        if (startsIn !== 'never' && now >= replica.startedAt + startsIn) replica.started = true;
        replica.ready = replica.started && room > 0;
        if (replica.ready) room -= 1;
      }
      const before = ready;
      ready = replicas.filter((replica) => replica.ready);
      return ready.length !== before.length;
    },
    nextReady() {
      const { startsIn } = release.behaviour;
      if (startsIn === 'never') return Infinity;
      const waiting = replicas.filter((replica) => !replica.started);
      return Math.min(...waiting.map((replica) => replica.startedAt + startsIn));
    },
    status() {
      if (replicas.length === 0) return null;
      return { desired: replicas.length, ready: ready.length, restarts: 0, failure: null, inFlight: 0 };
    },
    serve(outcome) {
      turn += 1;
      const counted = ready[turn % ready.length]?.counted ?? (door ??= row(`${number}-door`));
      const result = ready.length === 0 ? 'bad' : outcome;
      counted.requests += 1;
      if (result !== 'good') counted.errors += 1;
      if (result === 'trap') counted.traps += 1;
      return result;
    },
    resetCounters() {
      for (const counted of rows) {
        Object.assign(counted, { epoch: counted.epoch + 1, requests: 0, errors: 0, traps: 0 });
      }
    },
    counters: () =>
      rows
        .filter(({ requests, epoch }) => requests > 0 || epoch > 1)
        .map(({ name, epoch, requests, errors, traps }) => {
          const common = {
            release: number,
            replica: name,
            epoch: String(epoch),
            source: 'split',
            platform: null,
          } as const;
          return { ...common, requests, errors, traps, timeouts: 0, latency: noLatency(), units: null };
        }),
  };
  return release;
}
