/** The engine in a small world of its own, second by second: replicas get ready at once unless told otherwise. */

import { createMemoryJournal, type Journal } from '../../src/journal/index.ts';
import { createManualClock, type ManualClock } from '../../src/kernel/clock.ts';
import { type Digest, sha256 } from '../../src/kernel/digest.ts';
import { Fault } from '../../src/kernel/fault.ts';
import {
  type Command,
  type Controller,
  type ControllerOptions,
  createController,
  createMemoryRolloutStore,
  type EnvironmentSpec,
  type GateName,
  type GateRun,
  type GateVerdict,
  noLatency,
  type Observation,
  phaseOf,
  type Platform,
  type ReleaseContent,
  type RolloutStore,
} from '../../src/delivery/index.ts';
import { PLAN, SPEC as SAMPLE } from '../../src/delivery/rehearsal/sample-spec.ts';

export { PLAN };

export const SPEC: EnvironmentSpec = { ...SAMPLE, replicas: 2 };

type Shares = Readonly<Record<number, number>>;

/** A world in which replicas get ready at once (unless told otherwise) and each second brings 100 requests. */
export interface World {
  readonly platform: Platform;
  readonly commands: string[];
  /** Every split that was taken over, with what was ready and in force just before. */
  readonly routes: {
    readonly shares: Shares;
    readonly before: Shares;
    readonly ready: Readonly<Record<number, number>>;
  }[];
  desired(release: number): number;
  /** Somebody else changes how many replicas should run. */
  resize(release: number, replicas: number): void;
  /** What splits the requests knows nothing any more. */
  loseRoute(): void;
  never: Set<number>;
  /** Releases of which at most so many replicas get ready. */
  readyAtMost: Map<number, number>;
  failing: Map<number, string>;
  /** Releases that could not be started, with why. */
  cannotRun: Map<number, string>;
  badShare: Map<number, number>;
  /** How each gate ends, at once; one that is not named goes on running. */
  gateEnds: Map<GateName, GateVerdict>;
  /** The gate runs that the platform knows. */
  gateRuns: readonly GateRun[];
  requestsPerSecond: number;
  metrics: boolean;
  /** The router acknowledges and moves nothing. */
  routerStuck: boolean;
  /** The router takes no split and tells none. */
  routerDown: boolean;
  /** Nothing can be changed any more, because of it. */
  refusing: Error | null;
  /** Nothing can be observed. */
  unreachable: boolean;
  /** Looks are not answered at all. */
  hanging: boolean;
  looks: number;
  second(): void;
}

export function createWorld(): World {
  const desired = new Map<number, number>();
  const served = new Map<number, { requests: number; errors: number }>();
  let shares: Shares = {};
  const ready = (release: number): number =>
    world.never.has(release) ? 0 : Math.min(desired.get(release) ?? 0, world.readyAtMost.get(release) ?? Infinity);
  const world: World = {
    commands: [],
    routes: [],
    desired: (release) => desired.get(release) ?? 0,
    resize: (release, replicas) => void desired.set(release, replicas),
    loseRoute() {
      shares = {};
    },
    never: new Set(),
    readyAtMost: new Map(),
    failing: new Map(),
    cannotRun: new Map(),
    badShare: new Map(),
    gateEnds: new Map(),
    gateRuns: [],
    requestsPerSecond: 100,
    metrics: true,
    routerStuck: false,
    routerDown: false,
    refusing: null,
    unreachable: false,
    hanging: false,
    looks: 0,
    second() {
      for (const [release, share] of Object.entries(shares)) {
        const number = Number(release);
        const before = served.get(number) ?? { requests: 0, errors: 0 };
        const more = Math.round(world.requestsPerSecond * share);
        const bad = more * (world.badShare.get(number) ?? 0);
        served.set(number, { requests: before.requests + more, errors: before.errors + bad });
      }
    },
    platform: {
      observe() {
        world.looks += 1;
        if (world.hanging) return new Promise(() => undefined);
        return world.unreachable ? Promise.reject(outOfReach()) : Promise.resolve(observation());
      },
      apply(_context, effect) {
        if (world.refusing !== null) return Promise.reject(world.refusing);
        if (effect.kind === 'route' && world.routerDown) {
          world.commands.push('route in vain');
          return Promise.reject(new Error('the router does not answer'));
        }
        if (effect.kind === 'gates') {
          world.gateRuns = effect.runs;
        } else if (effect.kind === 'scale') {
          world.commands.push(`#${effect.release} × ${effect.replicas}`);
          if (effect.replicas === 0) desired.delete(effect.release);
          else desired.set(effect.release, effect.replicas);
        } else {
          world.commands.push(
            Object.entries(effect.shares)
              .map(([release, share]) => `#${release} ${Math.round(share * 100)}%`)
              .join(' ') || 'nothing',
          );
          const readyNow = Object.fromEntries([...desired.keys()].map((release) => [release, ready(release)]));
          world.routes.push({ shares: effect.shares, before: shares, ready: readyNow });
          if (!world.routerStuck) shares = effect.shares;
        }
        return Promise.resolve();
      },
      check: (_context, release) =>
        world.unreachable ? Promise.reject(outOfReach()) : Promise.resolve(world.cannotRun.get(release.number) ?? null),
      watch: () => () => undefined,
    },
  };
  const observation = (): Observation => ({
    releases: Object.fromEntries(
      [...desired].map(([release, count]) => [
        release,
        {
          desired: count,
          ready: ready(release),
          restarts: 0,
          failure: world.failing.get(release) ?? null,
          inFlight: 0,
        },
      ]),
    ),
    traffic: world.routerDown ? null : shares,
    counters: world.metrics
      ? [...served].map(([release, { requests, errors }]) => ({
          release,
          replica: 'only',
          epoch: 'e',
          source: 'split' as const,
          platform: null,
          requests,
          errors: Math.floor(errors + 1e-9),
          traps: 0,
          timeouts: 0,
          latency: noLatency(),
          units: null,
        }))
      : null,
    gates: Object.fromEntries(
      world.gateRuns.map(({ id, order }) => [id, world.gateEnds.get(order.gate) ?? { kind: 'running' as const }]),
    ),
  });
  return world;
}

function outOfReach(): Fault {
  return new Fault({
    code: 'rig/unreachable',
    kind: 'unreachable',
    message: 'the world does not answer',
    hint: 'Wait.',
  });
}

export interface Rig {
  readonly world: World;
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly store: RolloutStore;
  readonly options: ControllerOptions;
  controller: Controller;
  /** The engine is killed and comes back from its store. */
  crash(): Promise<void>;
  seconds(count: number): Promise<void>;
  deploy(version: number, spec?: EnvironmentSpec): Promise<string>;
  order(command: Command): Promise<string>;
  phase(): string;
}

export async function createRig(changes: Partial<ControllerOptions> = {}): Promise<Rig> {
  const world = createWorld();
  const clock = createManualClock(1_000_000);
  const journal = changes.journal ?? createMemoryJournal(clock);
  const store = changes.store ?? createMemoryRolloutStore();
  const options = { key: 'herald/local', spec: SPEC, store, platform: world.platform, journal, clock, ...changes };
  const rig: Rig = {
    options,
    async crash() {
      rig.controller = await createController(options);
    },
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

/** A rig with #1 promoted, and nothing commanded yet. */
export async function createServingRig(changes: Partial<ControllerOptions> = {}): Promise<Rig> {
  const rig = await createRig(changes);
  await rig.deploy(1);
  await rig.seconds(10);
  if (rig.phase() !== 'healthy promoted') throw new Error(`#1 is ${rig.phase()}`);
  rig.world.commands.length = 0;
  return rig;
}

/** #1, #2 and #3 promoted one after the other. */
export async function createRigOfThree(): Promise<Rig> {
  const rig = await createServingRig();
  for (const version of [2, 3]) {
    await rig.deploy(version);
    await rig.seconds(1);
    await rig.order({ kind: 'promoteFully' });
  }
  if (rig.controller.state().stable !== 3) throw new Error(`#3 is ${rig.phase()}`);
  return rig;
}

export function contentOf(version: number): ReleaseContent {
  const image: Digest = sha256(`image ${version}`);
  return { service: 'herald', environment: 'local', image, config: {}, secrets: {}, grants: [] };
}
