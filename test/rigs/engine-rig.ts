/** The engine in a small world of its own, second by second: replicas get ready at once unless told otherwise. */

import { createMemoryJournal, type Journal } from '../../src/journal/index.ts';
import { createManualClock, type ManualClock } from '../../src/kernel/clock.ts';
import type { Digest } from '../../src/kernel/digest.ts';
import {
  type CanaryPlan,
  type Command,
  type Controller,
  createController,
  createMemoryRolloutStore,
  type EnvironmentSpec,
  type Observation,
  phaseOf,
  type Platform,
  type ReleaseContent,
  type RolloutStore,
} from '../../src/delivery/index.ts';

export const PLAN: CanaryPlan = {
  kind: 'canary',
  steps: [
    { kind: 'weight', weight: 0.1 },
    { kind: 'pause', duration: 60_000 },
    { kind: 'weight', weight: 1 },
  ],
  match: null,
  judge: {
    tolerate: 1,
    detect: 2,
    falseAlarm: 0.01,
    miss: 0.05,
    within: 900_000,
    inconclusive: 'hold',
    slo: { errors: 0.01, p99: null },
    dry: false,
  },
  keep: 600_000,
  supersede: 'restart',
  stableScale: 'full',
  keepAborted: 0,
  rollbackWindow: 0,
  deadline: 600_000,
  onDeadline: 'abort',
};

export const SPEC: EnvironmentSpec = {
  replicas: 2,
  strategy: PLAN,
  affinity: { kind: 'none' },
  guard: 0,
  keep: 3,
  limits: { memory: 1, request: 1 },
};

/** A world in which replicas get ready at once (unless told otherwise) and each second brings 100 requests. */
export interface World {
  readonly platform: Platform;
  readonly commands: string[];
  never: Set<number>;
  failing: Map<number, string>;
  badShare: Map<number, number>;
  requestsPerSecond: number;
  metrics: boolean;
  routerStuck: boolean;
  second(): void;
}

function createWorld(): World {
  const desired = new Map<number, number>();
  const served = new Map<number, { requests: number; errors: number }>();
  let shares: Readonly<Record<number, number>> = {};
  const world: World = {
    commands: [],
    never: new Set(),
    failing: new Map(),
    badShare: new Map(),
    requestsPerSecond: 100,
    metrics: true,
    routerStuck: false,
    second() {
      for (const [release, share] of Object.entries(shares)) {
        const number = Number(release);
        const before = served.get(number) ?? { requests: 0, errors: 0 };
        const requests = before.requests + Math.round(world.requestsPerSecond * share);
        served.set(number, { requests, errors: Math.floor(requests * (world.badShare.get(number) ?? 0)) });
      }
    },
    platform: {
      observe: () => Promise.resolve(observation()),
      apply(_context, effect) {
        if (effect.kind === 'scale') {
          world.commands.push(`#${effect.release} × ${effect.replicas}`);
          if (effect.replicas === 0) desired.delete(effect.release);
          else desired.set(effect.release, effect.replicas);
        } else {
          world.commands.push(
            Object.entries(effect.shares)
              .map(([release, share]) => `#${release} ${Math.round(share * 100)}%`)
              .join(' ') || 'nothing',
          );
          if (!world.routerStuck) shares = effect.shares;
        }
        return Promise.resolve();
      },
      watch: () => () => undefined,
    },
  };
  const observation = (): Observation => ({
    releases: Object.fromEntries(
      [...desired].map(([release, count]) => [
        release,
        {
          desired: count,
          ready: world.never.has(release) ? 0 : count,
          restarts: 0,
          failure: world.failing.get(release) ?? null,
          inFlight: 0,
        },
      ]),
    ),
    traffic: shares,
    counters: world.metrics
      ? [...served].map(([release, { requests, errors }]) => ({
          release,
          replica: 'only',
          epoch: 'e',
          requests,
          errors,
          traps: 0,
          timeouts: 0,
          latency: [],
        }))
      : null,
  });
  return world;
}

export interface Rig {
  readonly world: World;
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly store: RolloutStore;
  controller: Controller;
  seconds(count: number): Promise<void>;
  deploy(version: number, spec?: EnvironmentSpec): Promise<string>;
  order(command: Command): Promise<string>;
  phase(): string;
}

export async function createRig(): Promise<Rig> {
  const world = createWorld();
  const clock = createManualClock(1_000_000);
  const journal = createMemoryJournal(clock);
  const store = createMemoryRolloutStore();
  const options = { key: 'herald/local', spec: SPEC, store, platform: world.platform, journal, clock };
  const rig: Rig = {
    world,
    clock,
    journal,
    store,
    controller: await createController(options),
    async seconds(count) {
      for (let second = 0; second < count; second += 1) {
        world.second();
        await clock.advance(1000);
        await rig.controller.tick();
      }
    },
    deploy: (version, spec = SPEC) => rig.order({ kind: 'deploy', content: contentOf(version), revision: null, spec }),
    async order(command) {
      return (await rig.controller.command(command)).answer;
    },
    phase() {
      const state = rig.controller.state();
      return [phaseOf(state), state.rollout?.reason, state.rollout?.outcome].filter(Boolean).join(' ');
    },
  };
  return rig;
}

export function contentOf(version: number): ReleaseContent {
  const image: Digest = `sha256:${String(version).repeat(64)}`;
  return { service: 'herald', environment: 'local', image, config: {}, secrets: {}, grants: [] };
}
