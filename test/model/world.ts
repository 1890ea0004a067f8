/**
 * The small world of the model check: replicas that get ready or not, a router that obeys at once, requests that are
 * answered well or badly, gates that end either way. Plain data, so that every state can be visited once.
 */

import type { Effect } from '../../src/delivery/effect.ts';
import type { GateStatus } from '../../src/delivery/gate.ts';
import { type CounterRow, noLatency, type Observation } from '../../src/delivery/observation.ts';

export interface World {
  readonly running: Readonly<Record<number, Running>>;
  /** The split in force. */
  readonly shares: Readonly<Record<number, number>>;
  readonly served: Readonly<Record<number, Served>>;
  /** Releases that answer every request with an error from now on. */
  readonly regressed: readonly number[];
  readonly gates: Readonly<Record<string, GateStatus>>;
}

export interface Running {
  readonly desired: number;
  readonly ready: number;
}

interface Served {
  readonly requests: number;
  readonly bad: number;
}

/** Requests that an exposed release gets between two looks: enough to prove a release bad that fails them all. */
const REQUESTS = 50;

export function observe({ running, shares, served, gates }: World): Observation {
  return {
    releases: Object.fromEntries(
      Object.entries(running).map(([release, { desired, ready }]) => [
        release,
        { desired, ready, restarts: 0, failure: null, inFlight: 0 },
      ]),
    ),
    traffic: shares,
    counters: Object.entries(served).map(([release, { requests, bad }]) => rowOf(Number(release), requests, bad)),
    gates,
  };
}

function rowOf(release: number, requests: number, errors: number): CounterRow {
  const name = { release, replica: 'one', epoch: 'e', source: 'split', platform: null } as const;
  return { ...name, requests, errors, traps: 0, timeouts: 0, latency: noLatency(), units: null };
}

/** Requests come: each exposed release answers some. */
export function serve(world: World): World {
  const served = { ...world.served };
  for (const [name, share] of Object.entries(world.shares)) {
    if (share <= 0) continue;
    const release = Number(name);
    const { requests, bad } = served[release] ?? { requests: 0, bad: 0 };
    const more = world.regressed.includes(release) ? REQUESTS : 0;
    served[release] = { requests: requests + REQUESTS, bad: bad + more };
  }
  return { ...world, served };
}

/** New replicas are not ready yet; of those that go, the ones that are not ready go first. */
export function apply(world: World, effect: Effect): World {
  switch (effect.kind) {
    case 'route':
      return { ...world, shares: effect.shares };
    case 'gates': {
      const gates = effect.runs.map(({ id }): [string, GateStatus] => [id, world.gates[id] ?? { kind: 'running' }]);
      return { ...world, gates: Object.fromEntries(gates) };
    }
    case 'scale': {
      const { [effect.release]: before, ...others } = world.running;
      if (effect.replicas === 0) return { ...world, running: others };
      const ready = Math.min(before?.ready ?? 0, effect.replicas);
      return { ...world, running: { ...others, [effect.release]: { desired: effect.replicas, ready } } };
    }
  }
}

export function setReady(world: World, release: number, ready: number): World {
  const running = world.running[release];
  if (running === undefined) throw new Error(`#${release} does not run`);
  return { ...world, running: { ...world.running, [release]: { ...running, ready } } };
}
