/**
 * What a thousand services with a hundred rollouts under way cost the engine (bar G8 of facts/rollouts.md section 12):
 * heap after a forced collection beside that of the idle process, and whether it grows. Time is virtual: 24 hours. Ends
 * with 1 when a bound is not met. `node --expose-gc bench/engine-memory.ts [HOURS]`.
 */

import { createManualClock, type ManualClock } from '../src/kernel/clock.ts';
import { sha256 } from '../src/kernel/digest.ts';
import type { Entry, Journal } from '../src/journal/index.ts';
import {
  type Controller,
  createController,
  createMemoryRolloutStore,
  type Effect,
  type EnvironmentSpec,
  noLatency,
  type Observation,
  phaseOf,
} from '../src/delivery/index.ts';
import { parseRehearsal } from '../src/project/index.ts';

const HOURS = Number(process.argv[2] ?? 24);
const SERVICES = 1000;
const ACTIVE = 100;
/** A rollout under way is looked at each five seconds of virtual time, an environment at rest each minute. */
const LOOK_EVERY = 5000;
const REST_EVERY = 60_000;
const MOST_MEGABYTES = 40;
const MOST_GROWTH = 1.05;

const collect = globalThis.gc;
if (collect === undefined) throw new Error('run with --expose-gc');

interface Service {
  readonly controller: Controller;
  readonly world: SmallWorld;
  version: number;
}

/** Replicas that are ready at once, and a hundred requests a second. Forgets what is stopped, as a host does. */
interface SmallWorld {
  observe(): Observation;
  apply(effect: Effect): void;
  requests(milliseconds: number): void;
}

function createSmallWorld(): SmallWorld {
  const desired = new Map<number, number>();
  const served = new Map<number, number>();
  let shares: Readonly<Record<number, number>> = {};
  const row = (release: number, requests: number) => ({
    release,
    replica: 'only',
    epoch: 'e',
    source: 'split' as const,
    platform: null,
    requests,
    errors: Math.floor(requests / 1000),
    traps: 0,
    timeouts: 0,
    latency: NO_LATENCY,
    units: null,
  });
  return {
    observe: () => ({
      releases: Object.fromEntries(
        [...desired].map(([release, count]) => [
          release,
          { desired: count, ready: count, restarts: 0, failure: null, inFlight: 0 },
        ]),
      ),
      traffic: shares,
      counters: [...served].map(([release, requests]) => row(release, requests)),
      gates: {},
    }),
    apply(effect) {
      if (effect.kind === 'route') shares = effect.shares;
      if (effect.kind !== 'scale') return;
      if (effect.replicas > 0) desired.set(effect.release, effect.replicas);
      else {
        desired.delete(effect.release);
        served.delete(effect.release);
      }
    },
    requests(milliseconds) {
      for (const [name, share] of Object.entries(shares)) {
        const more = Math.round((milliseconds / 10) * share);
        served.set(Number(name), (served.get(Number(name)) ?? 0) + more);
      }
    },
  };
}

const NO_LATENCY = noLatency();

/** The journal is on disk; here only the engine is weighed. */
function createCountingJournal(): Journal & { readonly written: () => number } {
  let written = 0;
  const nothing: readonly Entry[] = [];
  return {
    append(drafts) {
      written += drafts.length;
      return nothing;
    },
    read: () => nothing,
    subscribe: () => () => undefined,
    close: () => undefined,
    written: () => written,
  };
}

async function createService(index: number, options: { clock: ManualClock; journal: Journal; spec: EnvironmentSpec }) {
  const world = createSmallWorld();
  const controller = await createController({
    key: `service-${index}/production`,
    spec: options.spec,
    store: STORE,
    journal: options.journal,
    clock: options.clock,
    platform: {
      observe: () => Promise.resolve(world.observe()),
      apply: (_context, effect) => Promise.resolve(world.apply(effect)),
      check: () => Promise.resolve(null),
      watch: () => () => undefined,
    },
  });
  return { controller, world, version: 0 };
}

const STORE = createMemoryRolloutStore();

async function deploy(service: Service, spec: EnvironmentSpec): Promise<void> {
  service.version += 1;
  const [name = '', environment = ''] = service.controller.state().key.split('/');
  const image = sha256(`${name} ${service.version}`);
  const content = { service: name, environment, image, config: {}, secrets: {}, grants: [] };
  await service.controller.command({ kind: 'deploy', content, revision: null, spec });
}

async function specOf(text: string): Promise<EnvironmentSpec> {
  const { rehearsal } = await parseRehearsal(text, 'bench/engine-memory.ts');
  if (rehearsal === null) throw new Error('the rehearsal can not be read');
  return rehearsal.spec;
}

function megabytes(bytes: number): number {
  return bytes / 1_000_000;
}

function heap(): number {
  for (let round = 0; round < 3; round += 1) collect?.();
  return process.memoryUsage().heapUsed;
}

const clock = createManualClock(0);
const journal = createCountingJournal();
const spec = await specOf(`
rehearsal: the plan of every service
replicas: 3
strategy: { canary: { steps: [{ weight: 10% }, { pause: 10m }, { weight: 50% }, { pause: 20m }, { weight: 100% }] } }
releases: { v1: {} }
`);
const idle = heap();

const services: Service[] = [];
for (let index = 0; index < SERVICES; index += 1) {
  const service = await createService(index, { clock, journal, spec });
  await deploy(service, spec);
  services.push(service);
}

const active = new Set(services.slice(0, ACTIVE));
let looks = 0;
let rollouts = 0;

/** One look at a service; of the active ones each rollout that has ended is followed by the next. */
async function lookAt(service: Service, since: number): Promise<void> {
  service.world.requests(since);
  await service.controller.tick();
  looks += 1;
  if (!active.has(service) || phaseOf(service.controller.state()) !== 'healthy') return;
  await deploy(service, spec);
  rollouts += 1;
}

async function hours(count: number): Promise<number> {
  const end = clock.monotonic() + count * 3_600_000;
  const started = process.hrtime.bigint();
  const before = looks;
  while (clock.monotonic() < end) {
    await clock.advance(LOOK_EVERY);
    for (const service of active) await lookAt(service, LOOK_EVERY);
    if (clock.monotonic() % REST_EVERY !== 0) continue;
    for (const service of services) if (!active.has(service)) await lookAt(service, REST_EVERY);
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  return (looks - before) / seconds;
}

const perSecond = await hours(HOURS / 2);
const first = heap();
await hours(HOURS / 2);
const second = heap();

const over = megabytes(second - idle);
const growth = second / first;
const lines = [
  `${SERVICES} services, ${active.size} rollouts under way, ${HOURS} hours of virtual time, ${rollouts} rollouts, ${journal.written()} entries`,
  `${Math.round(perSecond)} looks decided per second`,
  `heap over the idle process: ${megabytes(first - idle).toFixed(1)} MB after the first half, ${over.toFixed(1)} MB after the second (at most ${MOST_MEGABYTES})`,
  `heap after the second half by that after the first: ${growth.toFixed(3)} (at most ${MOST_GROWTH})`,
  `resident: ${megabytes(process.memoryUsage().rss).toFixed(0)} MB`,
];
process.stdout.write(`${lines.join('\n')}\n`);
const holds = over <= MOST_MEGABYTES && growth <= MOST_GROWTH && active.size === ACTIVE && rollouts > ACTIVE;
process.stdout.write(holds ? 'holds\n' : 'does not hold\n');
process.exitCode = holds ? 0 : 1;
