/**
 * The replica process: serves one release over HTTP until it is told to end. Bundled to a single file, which images carry
 * too. Exit codes: 0 ended as asked, 78 (`EX_CONFIG`) the configuration or the service can't be used or the address can't be
 * had; killed by SIGKILL after a line of its own when a request ran too long.
 */

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import type { ListenOptions, Server } from 'node:net';
import { setPriority } from 'node:os';
import { isMainThread, workerData } from 'node:worker_threads';
import { systemClock } from '../../../kernel/clock.ts';
import { Fault, messageOf } from '../../../kernel/fault.ts';
import { parseReplicaConfig, REPLICA_CONFIG_VARIABLE, type ReplicaConfig, type ReplicaMetrics } from './config.ts';
import { writeAll } from './line-writer.ts';
import { timePrefix } from '../output-line.ts';
import { takeKeptCounters } from './metrics/kept-counters.ts';
import { createMetricsServer } from './metrics/metrics-server.ts';
import { createCounters, nothingCounted, type RequestCounters } from './metrics/request-counters.ts';
import { createReplicaServer } from './replica-server.ts';
import { loadService } from './service.ts';
import { startWatchdog, watch, type WatchOrder } from './watchdog.ts';

const EX_CONFIG = 78;

/** What Node, bodies and the answers under way may take besides the memory of the service. Idle, it is a quarter. */
const HOST_MEMORY = 512 * 1024 * 1024;

/** How much longer than a request may run we wait for the last ones. */
const DRAIN_GRACE = 2000;

if (isMainThread) {
  try {
    await serve();
  } catch (error) {
    const text = error instanceof Fault ? `${error.message} ${error.hint}` : messageOf(error);
    writeAll(2, Buffer.from(`slipway: ${text.replaceAll('\n', ' ')}\n`));
    process.exit(EX_CONFIG);
  }
} else {
  watch(workerData as WatchOrder, systemClock);
}

async function serve(): Promise<void> {
  const config = parseReplicaConfig(readFileSync(process.env[REPLICA_CONFIG_VARIABLE] ?? '', 'utf8'), process.env);
  const { timestamps } = config;
  const counters = config.metrics === null ? null : startCounting(config.metrics);
  const threads = ownThreads();
  const watchdog = startWatchdog(
    { deadline: config.requestDeadline, resident: config.memory + HOST_MEMORY, timestamps },
    new URL(import.meta.url),
    counters !== null && config.metrics?.keep ? { counters: counters.shared, keep: config.metrics.keep } : null,
  );
  lowerPriority(threads, config.niceness);
  const { server, serve, drain, ready } = createReplicaServer({ config, watchdog, clock: systemClock, counters });
  const end = (): void => {
    process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
    void drain(config.requestDeadline + DRAIN_GRACE).then(() => process.exit(0));
  };
  process.on('SIGTERM', end).on('SIGINT', end);
  if ('socket' in config.listen) rmSync(config.listen.socket, { force: true });
  await listen(server, 'socket' in config.listen ? { path: config.listen.socket } : config.listen);
  if (config.metrics !== null && counters !== null) {
    const { host, port } = config.metrics;
    const processStart = systemClock.wall() / 1000 - process.uptime();
    await listen(createMetricsServer({ counters, processStart, ready }), { host, port });
  }
  const { transpiled: folder, memory } = config;
  const loading = loadService({
    folder,
    memory,
    environment: { ...config.environment, ...readSecrets(config.secrets) },
    clock: systemClock,
    output: { stdout: 1, stderr: 2 },
    ...(timestamps ? { prefix: () => timePrefix(systemClock.wall()) } : {}),
  });
  const [service] = await Promise.all([loading, watchdog.watching]);
  serve(service);
}

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: 2048 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function startCounting({ keep, edges }: ReplicaMetrics): RequestCounters {
  const kept = keep === null ? null : takeKeptCounters(keep, edges);
  return createCounters(kept ?? nothingCounted(edges, systemClock.wall() / 1000));
}

/** Name → value. Read here, so that they stand in no configuration and in the environment of no process. */
function readSecrets(files: ReplicaConfig['secrets']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).map(([name, path]) => [name, readFileSync(path, 'utf8')]));
}

/** Linux keeps a priority for each thread, and new threads have that of their maker. */
function ownThreads(): readonly number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [process.pid];
  }
}

/** The watchdog, started after `threads` were listed, keeps its priority: it must run when the others hold the processors. */
function lowerPriority(threads: readonly number[], niceness: number): void {
  if (niceness === 0) return;
  for (const thread of threads) {
    try {
      setPriority(thread, niceness);
    } catch {
      // The thread has ended, or it is nicer already.
    }
  }
}
