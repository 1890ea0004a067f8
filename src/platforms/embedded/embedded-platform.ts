/**
 * The embedded platform: releases run on this machine, each replica a process, behind the one router. It brings the
 * machine to what is wanted, looking again and again; router and replicas go on when it ends (design.md section 4.3).
 */

import { join } from 'node:path';
import type { Effect, EnvironmentContext, Observation, Platform } from '../../delivery/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Digest } from '../../kernel/digest.ts';
import type { ProcessIdentity } from '../../kernel/subprocess.ts';
import { endProcesses, findReplicas } from './adoption.ts';
import { openHomePaths } from './home-paths.ts';
import { listenAddress } from './listen-address.ts';
import { createLookLoop } from './look-loop.ts';
import { modulesOf, type Prepare } from './module-of-image.ts';
import { tidyOutput } from './output-files.ts';
import { whyNot } from './preflight.ts';
import { createReplicaFactory } from './replica-factory.ts';
import { createRouterKeeper } from './router-keeper.ts';
import { NO_TRAFFIC, type RouterState } from './router/router-config.ts';
import { releaseHost } from './router/routing-table.ts';
import { createRoutingPush } from './routing-push.ts';
import { openSecretStore } from './secret-store.ts';
import { type DesiredEnvironment, nothingDesired, openDesiredStore } from './supervisor/desired.ts';
import { createEnvironmentSupervisor, type EnvironmentSupervisor } from './supervisor/environment-supervisor.ts';
import { createModuleShelf } from './supervisor/module-shelf.ts';
import { trafficViewOf, withInFlight } from './traffic-view.ts';
import { createWatchers } from './watchers.ts';

export interface EmbeddedPlatformOptions {
  readonly home: string;
  /** The content-addressed cache: prepared modules, compiled code of our programs. */
  readonly cache: string;
  readonly clock: Clock;
  /** Programs and their first arguments. */
  readonly programs: { readonly router: readonly string[]; readonly replica: readonly string[] };
  /** `SLIPWAY_HOST` and `SLIPWAY_PORT` say where the router listens. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gives the path of an image's module in the form that the replica host loads; by default out of the home's images. */
  readonly prepare?: (image: Digest) => Promise<string>;
}

export interface EmbeddedPlatform extends Platform {
  /**
   * Brings the router up and takes over every replica that still runs; what is written down as wanted runs again soon.
   *
   * @throws Fault `embedded/port-taken`, `embedded/router-not-started`.
   */
  start(): Promise<void>;
  /** Looks after it no more. With `everything` the router is ended in order, then all replicas. */
  stop(what: { readonly everything: boolean }): Promise<void>;
  /** Where requests go, once started. */
  router(): { readonly url: string; readonly pid: number };
  /** Where this one release answers, exposed or not, while a replica of it is ready: `http://7.herald.local.localhost:7878`. */
  addressOf(key: string, release: number): string;
}

/** How often it looks by itself; a replica that gets ready or ends is seen at once. */
const LOOK_EVERY = 100;
/** Every so many looks the output of replicas is bounded. */
const TIDY_EVERY = 50;
const END_GRACE = 2000;

export function createEmbeddedPlatform(options: EmbeddedPlatformOptions): EmbeddedPlatform {
  const { clock, programs } = options;
  const paths = openHomePaths(options.home);
  const listen = listenAddress(options.environment);
  // Node keeps the compiled code of our programs there, which halves the start of a replica.
  const env = { NODE_COMPILE_CACHE: join(options.cache, 'node') };
  const prepare = preparation(options, paths.images);
  const secrets = openSecretStore({ home: options.home, clock });
  const desired = openDesiredStore(paths.desired);
  const environments = new Map<string, EnvironmentSupervisor>();
  const ending = new AbortController();
  const watchers = createWatchers();
  let looks = 0;

  const keeper = createRouterKeeper({
    paths,
    program: programs.router,
    env,
    listen,
    clock,
    onRestart() {
      routing.forget(0);
      loop.kick();
    },
  });
  const routing = createRoutingPush({
    client: keeper.client,
    environments: () =>
      Object.fromEntries(
        [...environments.values()].flatMap((environment) => {
          const routes = environment.routes();
          return routes === null ? [] : [[environment.key, routes]];
        }),
      ),
  });
  const shelf = createModuleShelf({ prepare, onChange: () => loop.kick() });
  const factory = createReplicaFactory({
    paths,
    clock,
    env,
    cache: options.cache,
    program: programs.replica,
    shelf,
    secrets,
    onChange: () => loop.kick(),
    signal: ending.signal,
  });

  const open = (wanted: DesiredEnvironment): EnvironmentSupervisor => {
    const environment = createEnvironmentSupervisor({
      desired: wanted,
      clock,
      write: (changed) => desired.save(changed),
      start: (order) => factory.start(order),
    });
    environments.set(wanted.key, environment);
    return environment;
  };
  const environmentOf = ({ key, spec }: EnvironmentContext): EnvironmentSupervisor =>
    environments.get(key) ?? open(nothingDesired(key, spec.limits));

  const lookAround = async (): Promise<void> => {
    const state = await keeper.look();
    const traffic = trafficViewOf(state, routing);
    for (const environment of environments.values()) environment.reconcile(traffic);
    // A router that is down is told all when it is back.
    if (state !== null) await routing.push().catch(() => undefined);
    looks += 1;
    for (const environment of environments.values()) {
      watchers.tell(environment.key, JSON.stringify(environment.statuses()));
      if (looks % TIDY_EVERY !== 0) continue;
      tidyOutput(paths.output(environment.key), new Set(environment.replicas().map(({ id }) => id)));
    }
  };
  const loop = createLookLoop({ clock, every: LOOK_EVERY, look: lookAround });

  const adoptAll = async (): Promise<void> => {
    const { version, environments: routed } = await keeper.client.table();
    routing.forget(version);
    for (const environment of environments.values()) {
      const routes = routed[environment.key];
      // Otherwise a weight that came into force just before a crash would dip and come back.
      if (routes !== undefined) environment.resume(routes);
    }
    const strays: ProcessIdentity[] = [];
    for (const found of findReplicas(paths)) {
      const environment = [...environments.values()].find(({ key }) => key.replaceAll('/', '.') === found.folder);
      if (environment === undefined) {
        strays.push(found.identity);
        continue;
      }
      const addresses = routed[environment.key]?.replicas[found.release] ?? [];
      // One that gets requests already was ready: it must not lose them while it is asked again.
      const serving = addresses.some(({ id }) => id === found.id);
      environment.adopt(factory.adopt(environment.key, found, serving));
    }
    await endProcesses(strays, { clock, grace: END_GRACE });
  };

  return {
    async start() {
      for (const wanted of desired.all()) open(wanted);
      await keeper.start();
      await adoptAll();
      await lookAround();
      loop.start();
    },
    async stop({ everything }) {
      ending.abort();
      await loop.end();
      if (!everything) return keeper.leave();
      await keeper.stop();
      const replicas = findReplicas(paths);
      await endProcesses(
        replicas.map(({ identity }) => identity),
        { clock, grace: END_GRACE },
      );
      for (const environment of environments.values()) for (const replica of environment.replicas()) replica.cleanUp();
    },
    router: () => keeper.info(),
    addressOf: (key, release) => `http://${releaseHost(key, release)}:${new URL(keeper.info().url).port}`,
    async observe(context) {
      const state = await keeper.look();
      loop.check();
      return observationOf(environmentOf(context), state);
    },
    async apply(context, effect) {
      await applyTo(environmentOf(context), { context, effect });
    },
    check: ({ spec }, { content }) => whyNot(content, spec.engine, { prepare, secrets }),
    watch: (key, onChange) => watchers.add(key, onChange),
  };

  async function applyTo(
    environment: EnvironmentSupervisor,
    { context, effect }: { readonly context: EnvironmentContext; readonly effect: Effect },
  ): Promise<void> {
    switch (effect.kind) {
      case 'scale':
        environment.scale(context, effect);
        return loop.kick();
      case 'route':
        environment.route(context, effect);
        await routing.push();
        return environment.save();
      case 'gates':
        throw new Error('gates are run by whoever decorates the platform');
    }
  }
}

/** With a `prepare` of its own the platform knows no other engine than our host. */
function preparation({ prepare, cache, environment }: EmbeddedPlatformOptions, images: string): Prepare {
  if (prepare === undefined) return modulesOf({ images, cache, environment });
  return async (image) => ({ engine: 'node', folder: await prepare(image) });
}

function observationOf(environment: EnvironmentSupervisor, state: RouterState | null): Observation {
  const traffic = state === null ? null : (state.environments[environment.key] ?? NO_TRAFFIC);
  return {
    releases: withInFlight(environment.statuses(), traffic),
    traffic: traffic?.shares ?? null,
    counters: traffic?.rows ?? null,
    gates: {},
  };
}
