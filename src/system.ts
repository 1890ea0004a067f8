/**
 * The composition root: the only file that knows every adapter, each behind a lazy `import()`, so that a command loads
 * no more than it uses.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Journal } from './journal/index.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { failpoint } from './kernel/failpoint.ts';
import { Fault } from './kernel/fault.ts';
import { cacheFolder, homeFolder, socketPath } from './kernel/workspace.ts';
import type { TaskDefinition } from './pipeline/index.ts';
import type { EmbeddedPlatformOptions, LogLine, LogQuery } from './platforms/embedded/index.ts';
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
 * @throws Fault `agent/not-started` when it does not answer in time.
 */
export async function ensureAgent(system: System): Promise<AgentClient> {
  const client = await agentClient(system);
  if ((await client.info()) !== null) return client;
  const { startDaemon } = await import('./kernel/subprocess.ts');
  const logs = join(system.home, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = join(logs, 'agent.log');
  const [program, script] = [process.execPath, programPath('slipway')];
  let exited = false;
  startDaemon(
    {
      program,
      args: ['--disable-warning=ExperimentalWarning', script, 'serve', '--quiet'],
      cwd: system.home,
      env: definedOnly(system.env),
      stdout: log,
      stderr: log,
    },
    () => (exited = true),
  );
  const deadline = system.clock.monotonic() + AGENT_START_TIMEOUT;
  while (system.clock.monotonic() < deadline) {
    if ((await client.info()) !== null) return client;
    // An agent that another command started at the same time may have been faster: then ours is gone, and that is fine.
    if (exited && system.clock.monotonic() > deadline - AGENT_START_TIMEOUT / 2) break;
    await system.clock.sleep(20);
  }
  throw new Fault({
    code: 'agent/not-started',
    kind: 'unreachable',
    message: 'The agent was started and does not answer.',
    hint: `Read ${log}, or run "slipway serve" to see it start.`,
  });
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
}

/**
 * Runs the agent of the home in this process: takes the lock, brings up the router, adopts what runs, listens.
 *
 * @throws Fault `agent/already-running`.
 */
export async function runAgent(
  system: System,
  { signal, platform: changes }: AgentSettings = {},
): Promise<RunningAgent> {
  const { createAgentApi, serveOnSocket, startAgent, takeAgentLock } = await import('./server/index.ts');
  const { createEmbeddedPlatform, openSqliteRolloutStore } = await import('./platforms/embedded/index.ts');
  const lock = takeAgentLock(system.home);
  const journal = await openJournal(system);
  const store = openSqliteRolloutStore({ path: join(system.home, 'slipway.db') });
  const platform = createEmbeddedPlatform({
    home: system.home,
    cache: system.cache,
    clock: system.clock,
    programs: { router: nodeProgram('router'), replica: nodeProgram('replica') },
    environment: system.env,
    ...changes,
  });
  await platform.start();
  const agent = await startAgent({ store, platform, journal, clock: system.clock, onPoint: failpoint });
  let finish = (): void => undefined;
  const ended = new Promise<void>((resolve) => (finish = resolve));
  const end = async (everything: boolean): Promise<void> => {
    await agent.stop();
    await platform.stop({ everything });
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
    router: () => Promise.resolve(platform.router()),
    info: () => ({ pid: process.pid, version: system.version, home: system.home }),
    stop,
  };
  const server = await serveOnSocket(createAgentApi(service), system.agentSocket);
  signal?.addEventListener('abort', () => void stop(false), { once: true });
  return { ended, routerUrl: platform.router().url, stop };
}

export type { LogLine as ServiceLogLine } from './platforms/embedded/index.ts';

/** What a service has said and been asked. */
export async function readLogs(
  { home, clock }: System,
  query: Omit<LogQuery, 'home' | 'clock'>,
): Promise<AsyncGenerator<LogLine>> {
  const { readServiceLogs } = await import('./platforms/embedded/index.ts');
  return readServiceLogs({ ...query, home, clock });
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
function nodeProgram(name: 'router' | 'replica'): readonly string[] {
  return [process.execPath, '--disable-warning=ExperimentalWarning', programPath(name)];
}

const SOURCES = {
  slipway: 'cli/main.ts',
  router: 'platforms/embedded/router/main.ts',
  replica: 'platforms/embedded/replica/main.ts',
} as const;

/** The bundle beside us when we are one ourselves, else the source. */
function programPath(name: keyof typeof SOURCES): string {
  const bundled = join(import.meta.dirname, name === 'slipway' ? 'slipway.cjs' : `${name}.js`);
  return existsSync(bundled) ? bundled : join(import.meta.dirname, SOURCES[name]);
}

export function definedOnly(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
