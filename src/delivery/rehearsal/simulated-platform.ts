/**
 * A platform without a world: replicas, a router, gates, counters and users, all moved by a virtual clock and one seed.
 * The same rehearsal gives the same requests and the same outcomes every time.
 */

import { createRandom } from '../../kernel/random.ts';
import { latencyEdges, type Observation } from '../observation.ts';
import type { EnvironmentContext, Platform } from '../platform.ts';
import type { Release } from '../release.ts';
import { objectivesOf } from './objectives.ts';
import type { Metrics, Rehearsal, ReleaseChange } from './rehearsal.ts';
import { createSimulatedGates } from './simulated-gates.ts';
import { createSimulatedMetrics } from './simulated-metrics.ts';
import { hindranceOf, type RunningRelease } from './simulated-release.ts';
import { createSimulatedRouter, type Route } from './simulated-router.ts';
import { createSimulatedStage } from './simulated-stage.ts';
import { createSimulatedUsers, type Users } from './simulated-users.ts';

export interface SimulatedPlatform extends Platform {
  /** Lets the users send their requests up to `now` (not beyond `nextChange()`), then what is due there happens. */
  advance(now: number): void;
  /** When something observable changes by itself; `Infinity` when nothing does. */
  nextChange(): number;
  /** What is really so, whatever state the metrics are in. */
  truth(): Observation;
  /** The route that is in force. */
  route(): Route;
  /** Requests per second, from now on. */
  setTraffic(rate: number): void;
  /** `reset`: the counters start again from zero, and are up. */
  setMetrics(state: Metrics | 'reset'): void;
  /** From now on a split is in force only so many milliseconds after it was acknowledged. */
  setRouterDelay(delay: number): void;
  /** Changes how the releases of this name behave. */
  setRelease(name: string, change: ReleaseChange): void;
  users(): Users;
}

export interface SimulatedPlatformOptions {
  readonly rehearsal: Rehearsal;
  /** The name under which the rehearsal describes a release. */
  readonly nameOf: (release: Release) => string;
  /** The release that serves at the start, with all its replicas ready; `null` for none. */
  readonly serving: Release | null;
}

/** A second ends for all keys at once. */
const SECOND = 1000;
/** Any fixed number: the sequence of the seed that gates draw from. */
const GATES = 0xc2b2ae35;

export function createSimulatedPlatform({ rehearsal, nameOf, serving }: SimulatedPlatformOptions): SimulatedPlatform {
  const { spec, platforms, seed } = rehearsal;
  const edges = latencyEdges(objectivesOf(rehearsal));
  const sticky = spec.affinity.kind !== 'none';
  const stage = createSimulatedStage(rehearsal, { edges, platforms, limit: spec.limits.request, sticky });
  const router = createSimulatedRouter(rehearsal.routing, serving === null ? {} : { [serving.number]: 1 });
  const playing = (number: number): RunningRelease => stage.playing(number);
  const users = createSimulatedUsers({ rehearsal, router, playing });
  const gates = createSimulatedGates({ stage, random: createRandom(seed ^ GATES) });
  const metrics = createSimulatedMetrics();
  const isLateOnce = rehearsal.events.some(({ action }) => action.kind === 'metrics' && action.state === 'late');
  const listeners = new Set<() => void>();
  let now = 0;

  const settle = (): void => {
    const ready = stage.settle(now);
    const moved = router.settle(now, (number) => stage.releases.get(number)?.status()?.ready ?? 0);
    const ended = gates.settle(now);
    if (ready || moved || ended) for (const listener of listeners) listener();
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
    gates: gates.statuses(),
  });

  if (serving !== null) stage.start(serving.number, nameOf(serving));
  return {
    observe: () => Promise.resolve(observation(metrics.reported(stage.counters(), now))),
    apply(context, effect) {
      if (effect.kind === 'scale') enter(context, effect.release).scale(effect.replicas, now);
      else if (effect.kind === 'gates') {
        for (const { release } of effect.runs) enter(context, release);
        gates.want(effect.runs, now);
      } else {
        const { shares, match, mirror } = effect;
        const named = [...Object.keys(shares).map(Number), match?.release, mirror?.release];
        for (const number of named) if (number !== undefined) enter(context, number);
        router.command(effect, now);
      }
      settle();
      return Promise.resolve();
    },
    check: (_context, release) => Promise.resolve(hindranceOf(stage.behaviourOf(nameOf(release)))),
    watch(_key, onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    advance(next) {
      users.send(next - now);
      if (Math.floor(next / SECOND) > Math.floor(now / SECOND)) stage.endSecond();
      now = next;
      settle();
      if (isLateOnce) metrics.record(stage.counters(), now);
    },
    nextChange: () => Math.min(router.nextMove(), stage.nextReady(), gates.nextEnd()),
    truth: () => observation(stage.counters()),
    route: () => router.route(),
    setTraffic(rate) {
      users.rate = rate;
    },
    setMetrics(state) {
      if (state === 'reset') for (const release of stage.releases.values()) release.resetCounters();
      metrics.state = state === 'reset' ? 'up' : state;
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
