/**
 * A platform without a world: replicas, a router, counters and users, all moved by a virtual clock and one seed. The
 * same rehearsal gives the same requests and the same outcomes every time.
 */

import { createRandom } from '../../kernel/random.ts';
import type { CounterRow, Observation } from '../observation.ts';
import type { EnvironmentContext, Platform } from '../platform.ts';
import type { Release } from '../release.ts';
import type { Rehearsal, SimulatedRelease } from './rehearsal.ts';
import type { RunningRelease } from './simulated-release.ts';
import { createSimulatedRouter } from './simulated-router.ts';
import { createSimulatedStage } from './simulated-stage.ts';
import { createSimulatedUsers, type Users } from './simulated-users.ts';

type Metrics = 'down' | 'up' | 'empty' | 'nan';

export interface SimulatedPlatform extends Platform {
  /** Lets the users send their requests up to `now` (not beyond `nextChange()`), then what is due there happens. */
  advance(now: number): void;
  /** When something observable changes by itself; `Infinity` when nothing does. */
  nextChange(): number;
  /** What is really so, whatever state the metrics are in. */
  truth(): Observation;
  /** Requests per second, from now on. */
  setTraffic(rate: number): void;
  /** `reset`: the counters start again from zero, and are up. */
  setMetrics(state: Metrics | 'reset'): void;
  /** From now on a split is in force only so many milliseconds after it was acknowledged. */
  setRouterDelay(delay: number): void;
  /** Changes how the releases of this name behave. */
  setRelease(name: string, change: Partial<SimulatedRelease>): void;
  users(): Users;
}

export interface SimulatedPlatformOptions {
  readonly rehearsal: Rehearsal;
  /** The name under which the rehearsal describes a release. */
  readonly nameOf: (release: Release) => string;
  /** The release that serves at the start, with all its replicas ready; `null` for none. */
  readonly serving: Release | null;
}

export function createSimulatedPlatform({ rehearsal, nameOf, serving }: SimulatedPlatformOptions): SimulatedPlatform {
  const stage = createSimulatedStage(rehearsal);
  const router = createSimulatedRouter(rehearsal.routing, serving === null ? {} : { [serving.number]: 1 });
  const users = createSimulatedUsers({
    rate: rehearsal.traffic,
    random: createRandom(rehearsal.seed),
    next() {
      const number = router.next();
      return number === null ? null : stage.playing(number);
    },
  });
  const listeners = new Set<() => void>();
  let metrics: Metrics = 'up';
  let now = 0;

  const settle = (): void => {
    const ready = stage.settle(now);
    const moved = router.settle(now, (number) => stage.releases.get(number)?.status()?.ready ?? 0);
    if (ready || moved) for (const listener of listeners) listener();
  };
  const enter = (context: EnvironmentContext, number: number): RunningRelease => {
    const release = context.releases[number];
    if (release === undefined) throw new Error(`the engine named #${number}, which it does not know`);
    return stage.enter(number, nameOf(release));
  };
  const observation = (counters: Observation['counters']): Observation => ({
    releases: stage.statuses(),
    traffic: router.inForce(),
    counters,
    gates: {},
  });

  if (serving !== null) stage.start(serving.number, nameOf(serving));
  return {
    observe: () => Promise.resolve(observation(reported(stage.counters(), metrics))),
    apply(context, effect) {
      if (effect.kind === 'scale') enter(context, effect.release).scale(effect.replicas, now);
      else if (effect.kind === 'route') {
        for (const number of Object.keys(effect.shares)) enter(context, Number(number));
        router.command(effect.shares, now);
      }
      settle();
      return Promise.resolve();
    },
    check: () => Promise.resolve(null),
    watch(_key, onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    advance(next) {
      users.send(next - now);
      now = next;
      settle();
    },
    nextChange: () => Math.min(router.nextMove(), stage.nextReady()),
    truth: () => observation(stage.counters()),
    setTraffic(rate) {
      users.rate = rate;
    },
    setMetrics(state) {
      if (state === 'reset') for (const release of stage.releases.values()) release.resetCounters();
      metrics = state === 'reset' ? 'up' : state;
    },
    setRouterDelay(delay) {
      router.delay = delay;
    },
    setRelease(name, change) {
      stage.change(name, change);
      settle();
    },
    users: () => users.seen(),
  };
}

/** What the metrics say, in the state that they are in. */
function reported(rows: readonly CounterRow[], metrics: Metrics): Observation['counters'] {
  switch (metrics) {
    case 'up':
      return rows;
    case 'down':
      return null;
    case 'empty':
      return [];
    case 'nan':
      return rows.map((row) => ({ ...row, requests: NaN, errors: NaN }));
  }
}
