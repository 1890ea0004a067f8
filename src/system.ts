/**
 * The composition root: the only file that knows every adapter, each behind a lazy `import()`, so that a command loads
 * no more than it uses.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterTarget, EnvironmentContext, KubernetesSpec, Release, RolloutStore } from './delivery/index.ts';
import type { Journal } from './journal/index.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { failpoint } from './kernel/failpoint.ts';
import { Fault } from './kernel/fault.ts';
import { outlivingEnvironment } from './kernel/outliving.ts';
import type { SecretReference } from './kernel/secret.ts';
import { cacheFolder, homeFolder, readIfThere, socketPath } from './kernel/workspace.ts';
import type { TaskDefinition } from './pipeline/index.ts';
import type { EmbeddedPlatformOptions, LogLine, LogQuery } from './platforms/embedded/index.ts';
import type {
  ClusterPlaces,
  KubernetesObject,
  PodLine,
  PodOutputQuery,
  RoleWish,
} from './platforms/kubernetes/index.ts';
import type { Project } from './project/index.ts';
import type { AgentClient } from './server/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every command needs to know of where it runs. */
export interface System {
  readonly env: Environment;
  readonly home: string;
  readonly cache: string;
  readonly clock: Clock;
  /** Socket of the agent of this home. */
  readonly agentSocket: string;
  readonly version: string;
}

export function openSystem(env: Environment): System {
  const home = homeFolder(env);
  return {
    env,
    home,
    cache: cacheFolder(env),
    clock: systemClock,
    agentSocket: socketPath(home, 'agent.sock'),
    version: '0.1.0',
  };
}

/** The journal of the home; made when it is not there yet. */
export async function openJournal(system: System): Promise<Journal> {
  const { openSqliteJournal } = await import('./journal/index.ts');
  mkdirSync(system.home, { recursive: true, mode: 0o700 });
  return openSqliteJournal({ path: join(system.home, 'slipway.db'), clock: system.clock });
}

export async function agentClient(system: System): Promise<AgentClient> {
  const { createAgentClient } = await import('./server/index.ts');
  return createAgentClient(system.agentSocket);
}

/** How long a new agent may take until it answers, router and adopted replicas included. */
const AGENT_START_TIMEOUT = 20_000;

/**
 * The client of an agent that answers: the one that is there, or a new one in the background.
 *
 * @throws Fault `agent/not-started` when it ends instead, or does not answer in time.
 */
export async function ensureAgent(system: System): Promise<AgentClient> {
  const client = await agentClient(system);
  if ((await client.info()) !== null) return client;
  const { startDaemon } = await import('./kernel/subprocess.ts');
  const logs = join(system.home, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = join(logs, 'agent.log');
  const before = readIfThere(log)?.length ?? 0;
  let exited = false;
  startDaemon(
    {
      program: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', programPath('slipway'), 'serve', '--quiet'],
      cwd: system.home,
      env: outlivingEnvironment(definedOnly(system.env)),
      stdout: log,
      stderr: log,
    },
    () => (exited = true),
  );
  const deadline = system.clock.monotonic() + AGENT_START_TIMEOUT;
  while (system.clock.monotonic() < deadline) {
    // Asked before: one that has ended may have given way to an agent that answers since.
    const ended = exited;
    if ((await client.info()) !== null) return client;
    const said = ended ? (readIfThere(log)?.slice(before).trim() ?? '') : '';
    if (ended && !said.includes(GIVES_WAY)) throw notStarted(log, said);
    await system.clock.sleep(20);
  }
  throw notStarted(log, '');
}

/** What an agent says that another command has started at the same time, and that was not the first. */
const GIVES_WAY = 'agent/already-running';

const LINES_TOLD = 6;

function notStarted(log: string, said: string): Fault<'agent/not-started'> {
  const lines = said.split('\n').slice(-LINES_TOLD).join('\n');
  return new Fault({
    code: 'agent/not-started',
    kind: 'unreachable',
    message: said === '' ? 'The agent was started and does not answer.' : `The agent could not be started:\n${lines}`,
    hint: `Read ${log}, or run "slipway serve" to see it start.`,
  });
}

export interface KeptSecrets {
  /** `service/environment`. */
  readonly key: string;
  readonly references: Readonly<Record<string, SecretReference>>;
  /** Paths of files are seen from here. */
  readonly folder: string;
  /** Where replicas read them; `null`: in the home. */
  readonly cluster: ClusterTarget | null;
}

/**
 * Keeps the present values of secrets where replicas read them.
 *
 * @returns name → id of the version, which tells nothing of the value
 * @throws Fault `secret/…` for the first one that has no value.
 */
export async function keepSecrets(
  system: System,
  { key, references, folder, cluster }: KeptSecrets,
): Promise<Readonly<Record<string, string>>> {
  if (Object.keys(references).length === 0) return {};
  const { resolveSecrets } = await import('./kernel/secret.ts');
  const values = resolveSecrets(references, { env: system.env, folder });
  if (cluster !== null) {
    const { connectCluster, createClusterSecretStore } = await import('./platforms/kubernetes/index.ts');
    const client = await connectCluster({ target: cluster, clock: system.clock, environment: system.env });
    return createClusterSecretStore(client, key).put(values);
  }
  const { openSecretStore } = await import('./platforms/embedded/index.ts');
  return openSecretStore(system).put(values);
}

/**
 * The cluster that a project means, as this machine reaches it.
 *
 * @throws Fault `kubernetes/kubeconfig`, `kubernetes/unknown-context`.
 */
export async function clusterTarget(
  { env }: System,
  { context, namespace }: Pick<ClusterTarget, 'context' | 'namespace'>,
): Promise<ClusterTarget> {
  const { pinTarget } = await import('./platforms/kubernetes/index.ts');
  return pinTarget({ context, namespace, environment: env });
}

/** The clusters that environments live on, by their keys, as far as this home knows. */
export async function knownClusters({ home }: System): Promise<ReadonlyMap<string, ClusterTarget>> {
  if (!existsSync(join(home, 'clusters.json'))) return new Map();
  const { openClusterBook } = await import('./platforms/kubernetes/index.ts');
  return openClusterBook(home).clusters();
}

/** Where users of an environment on a cluster get its answers, in words. */
export async function clusterAddress(key: string, spec: KubernetesSpec): Promise<string> {
  const { userAddress } = await import('./platforms/kubernetes/index.ts');
  return userAddress(key, spec);
}

export interface RunningAgent {
  /** Resolves when the agent was asked to stop and has stopped. */
  readonly ended: Promise<void>;
  readonly routerUrl: string;
  stop(everything: boolean): Promise<void>;
}

export interface AgentSettings {
  /** Ends the agent; router and replicas go on. */
  readonly signal?: AbortSignal;
  /** What the embedded platform is made with instead: other programs, for tests. */
  readonly platform?: Partial<EmbeddedPlatformOptions>;
  /** How long the Lease of an environment counts, in milliseconds; shorter for tests. */
  readonly leaseDuration?: number;
}

/**
 * Runs the agent of the home in this process: takes the lock, brings up the router, adopts what runs, listens.
 *
 * @throws Fault `agent/already-running`.
 */
export async function runAgent(
  system: System,
  { signal, platform: changes, leaseDuration }: AgentSettings = {},
): Promise<RunningAgent> {
  const { createAgentApi, createPlaces, serveOnSocket, startAgent, takeAgentLock } = await import('./server/index.ts');
  const { createEmbeddedPlatform, openSecretStore, openSqliteRolloutStore } =
    await import('./platforms/embedded/index.ts');
  const { openClusterBook } = await import('./platforms/kubernetes/index.ts');
  const { gatedPlatform } = await import('./delivery/index.ts');
  const { createGates } = await import('./gates/index.ts');
  const lock = takeAgentLock(system.home);
  const journal = await openJournal(system);
  const store = openSqliteRolloutStore({ path: join(system.home, 'slipway.db') });
  const embedded = createEmbeddedPlatform({
    home: system.home,
    cache: system.cache,
    clock: system.clock,
    programs: { router: nodeProgram('router'), replica: nodeProgram('replica') },
    environment: system.env,
    ...changes,
  });
  const platform = gatedPlatform({
    platform: embedded,
    gate: createGates({
      clock: system.clock,
      environment: definedOnly(system.env),
      loadProgram: nodeProgram('load'),
    }),
    targetOf: ({ key, spec }, release) => ({ url: embedded.addressOf(key, release), endToEnd: spec.endToEnd }),
  });
  await embedded.start();
  const clusters = createClusters(system, leaseDuration);
  const places = createPlaces({
    local: { store, platform },
    book: openClusterBook(system.home),
    openCluster: async (cluster) => (await clusters.open()).open(cluster),
    journal,
  });
  const agent = await startAgent({ places, journal, clock: system.clock, onPoint: failpoint });
  // A record that can't be read may name any of them: then none goes.
  await namedSecrets(store).then(
    (named) => openSecretStore(system).prune(named),
    () => undefined,
  );
  let finish = (): void => undefined;
  const ended = new Promise<void>((resolve) => (finish = resolve));
  const end = async (everything: boolean): Promise<void> => {
    await agent.stop();
    await platform.close();
    await clusters.close();
    await embedded.stop({ everything });
    // The answer to whoever asked has to leave first.
    setImmediate(() => {
      server.close();
      journal.close();
      store.close();
      lock.release();
      finish();
    });
  };
  let stopped: Promise<void> | undefined;
  // A signal and a request may both ask for it: the first one says how.
  const stop = (everything: boolean): Promise<void> => (stopped ??= end(everything));
  const service = {
    ...agent,
    router: () => Promise.resolve(embedded.router()),
    info: () => ({ pid: process.pid, version: system.version, home: system.home }),
    stop,
  };
  const server = await serveOnSocket(createAgentApi(service), system.agentSocket);
  signal?.addEventListener('abort', () => void stop(false), { once: true });
  return { ended, routerUrl: embedded.router().url, stop };
}

/** Clusters, of which nothing is loaded before the first is needed. */
function createClusters(
  { home, env, clock }: System,
  leaseDuration: number | undefined,
): { open(): Promise<ClusterPlaces>; close(): Promise<void> } {
  let places: Promise<ClusterPlaces> | undefined;
  const open = async (): Promise<ClusterPlaces> => {
    const kubernetes = await import('./platforms/kubernetes/index.ts');
    const counters = kubernetes.createPrometheusSource({ clock });
    return kubernetes.createClusterPlaces({
      clock,
      driver: kubernetes.driverOf(home),
      ...(leaseDuration === undefined ? {} : { leaseDuration }),
      connect: (target) => kubernetes.connectCluster({ target, clock, environment: env }),
      createPlatform: (client) =>
        kubernetes.createKubernetesPlatform({ connect: () => Promise.resolve(client), counters, clock }),
    });
  };
  return {
    open: () => (places ??= open()),
    close: async () => (await places)?.close(),
  };
}

/** The versions of secrets that some release names which may be deployed, or rolled back to, again. */
async function namedSecrets(store: RolloutStore): Promise<readonly string[]> {
  const records = await Promise.all((await store.list()).map((key) => store.load(key)));
  return records.flatMap((loaded) =>
    Object.values(loaded?.record.state.releases ?? {}).flatMap(({ content }) => Object.values(content.secrets)),
  );
}

export type { LogLine as ServiceLogLine } from './platforms/embedded/index.ts';

/** What the pods of an environment on a cluster have said; `undefined`: this home knows of none on a cluster. */
export async function readPodLogs(
  system: System,
  query: Omit<PodOutputQuery, 'client'>,
): Promise<AsyncGenerator<PodLine> | undefined> {
  const cluster = (await knownClusters(system)).get(query.key);
  if (cluster === undefined) return undefined;
  const { connectCluster, readPodOutput } = await import('./platforms/kubernetes/index.ts');
  const client = await connectCluster({ target: cluster, clock: system.clock, environment: system.env });
  return readPodOutput({ ...query, client });
}

/** What a service has said and been asked. */
export async function readLogs(
  { home, clock }: System,
  query: Omit<LogQuery, 'home' | 'clock'>,
): Promise<AsyncGenerator<LogLine>> {
  const { readServiceLogs } = await import('./platforms/embedded/index.ts');
  return readServiceLogs({ ...query, home, clock });
}

/** The objects that are applied to a cluster for a release that gets every request. */
export async function clusterManifests(
  context: EnvironmentContext,
  release: Release,
): Promise<readonly KubernetesObject[]> {
  const { manifestsOf } = await import('./platforms/kubernetes/index.ts');
  return manifestsOf(context, release);
}

/** The account that may drive environments on a cluster, its Role and what binds them. */
export async function clusterRole(wish: RoleWish): Promise<readonly KubernetesObject[]> {
  const { leastRole } = await import('./platforms/kubernetes/index.ts');
  return leastRole(wish);
}

/**
 * The tasks of a project's pipeline.
 *
 * @throws Fault `toolchain/…` when the project can't be built on this machine.
 */
export async function createTasks(
  system: System,
  { project, folder }: { readonly project: Project; readonly folder: string },
): Promise<readonly TaskDefinition[]> {
  const stages = await import('./stages/index.ts');
  return stages.createTasks({
    project,
    folder,
    environment: system.env,
    cache: system.cache,
    replicaBundle: replicaBundle(),
  });
}

/** The replica host as one file: beside us when we are a bundle, else where `build.ts` puts it. */
function replicaBundle(): string {
  const beside = join(import.meta.dirname, 'replica.js');
  return existsSync(beside) ? beside : join(import.meta.dirname, '..', 'dist', 'replica.js');
}

/** The argv prefix of one of our programs. */
function nodeProgram(name: 'router' | 'replica' | 'load'): readonly string[] {
  return [process.execPath, '--disable-warning=ExperimentalWarning', programPath(name)];
}

const SOURCES = {
  slipway: 'cli/main.ts',
  router: 'platforms/embedded/router/main.ts',
  replica: 'platforms/embedded/replica/main.ts',
  load: 'gates/load/main.ts',
} as const;

/** The bundle beside us when we are one ourselves, else the source. */
function programPath(name: keyof typeof SOURCES): string {
  const bundled = join(import.meta.dirname, name === 'slipway' ? 'slipway.cjs' : `${name}.js`);
  return existsSync(bundled) ? bundled : join(import.meta.dirname, SOURCES[name]);
}

export function definedOnly(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
