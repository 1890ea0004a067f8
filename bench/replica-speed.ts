/**
 * How fast a replica serves, alone and behind the router, against `jco serve` and `wasmtime serve` with the same component:
 * all four run at once and take turns under load, so that whatever else the machine does hits them alike. Ends with 1 when
 * router and replica together are not three times as fast as `jco serve` (issue 3, "Speed").
 * `node bench/replica-speed.ts [COMPONENT.wasm PATH]`; without arguments it builds `examples/herald`.
 */

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createRouterClient } from '../src/platforms/embedded/router-client.ts';
import { NO_ROUTES } from '../src/platforms/embedded/router/routing-table.ts';
import { prepareModule } from '../src/platforms/embedded/replica/prepare-module.ts';
import { temporaryFolder } from '../src/kernel/workspace.ts';
import { buildHeraldImage } from '../test/e2e/herald-image.ts';
import type { Load, LoadResult } from './load.ts';
import { fetchJco, findWasmtime } from './peer-servers.ts';

const ROUNDS = 7;
const SECONDS = 2;
const CONNECTIONS = 16;
const GOAL = 3;
/** The key of the environment that the router serves, and the name that it answers to. */
const KEY = 'bench/local';
const HOST = 'bench.local.localhost';

const EMBEDDED = join(import.meta.dirname, '..', 'src/platforms/embedded');

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly results: LoadResult[];
}

const work = temporaryFolder('slipway-bench-');
const started: number[] = [];

try {
  const [component, path] = await whatToServe();
  const contenders = await startAll(component);
  for (const { port } of contenders) await untilAnswers(port, path);
  // One round before those that count: all of them compile while they run.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { port, results } of contenders) {
      const result = await load({ port, path, host: HOST, connections: CONNECTIONS, milliseconds: SECONDS * 1000 });
      if (round > 0) results.push(result);
    }
  }
  process.exitCode = report(contenders);
} finally {
  // `jco serve` leaves its server behind when it is ended itself, so whole groups are.
  for (const pid of started) endGroup(pid);
  rmSync(work, { recursive: true });
}

async function whatToServe(): Promise<readonly [component: string, path: string]> {
  const [, , component, path = '/'] = process.argv;
  if (component !== undefined) return [component, path];
  const built = await buildHeraldImage({ project: join(work, 'project'), home: join(work, 'home') });
  return [join(built.component, 'app.wasm'), '/healthz'];
}

async function startAll(component: string): Promise<readonly Contender[]> {
  const contenders: Contender[] = [];
  const enter = (name: string, port: number): number => contenders.push({ name, port, results: [] });

  const jco = await freePort();
  start(process.execPath, [fetchJco(), 'serve', component, '--port', String(jco), '--host', '127.0.0.1']);
  enter('jco serve', jco);

  const wasmtime = findWasmtime();
  if (wasmtime === null) console.log('wasmtime serve is not measured: ../shared/peers/tools.tar.xz is not there.');
  else {
    const port = await freePort();
    start(wasmtime, ['serve', '-S', 'cli', '-O', 'pooling-allocator=n', '--addr', `127.0.0.1:${port}`, component]);
    enter('wasmtime serve', port);
  }

  const transpiled = await prepareModule({ bytes: readFileSync(component), cacheFolder: join(work, 'modules') });
  const common = { transpiled, environment: {}, memory: 128 * 1024 * 1024, requestDeadline: 10_000 };
  const alone = await freePort();
  startOurs('replica', { ...common, listen: { host: '127.0.0.1', port: alone } });
  enter('replica alone', alone);

  const socket = join(work, 'replica.sock');
  startOurs('replica', { ...common, listen: { socket } });
  enter('router and replica', await startRouter(socket));
  return contenders;
}

async function startRouter(socket: string): Promise<number> {
  const port = await freePort();
  const control = join(work, 'router.sock');
  mkdirSync(join(work, 'logs'));
  const listen = { host: '127.0.0.1', port };
  startOurs('router', { listen, control, table: join(work, 'table.json'), logs: join(work, 'logs') });
  const client = createRouterClient(control);
  const routes = { ...NO_ROUTES, shares: { 1: 1 }, requestLimit: 10_000, replicas: { 1: [{ id: 'one', socket }] } };
  await until(() => client.put({ version: 1, environments: { [KEY]: routes } }));
  client.close();
  return port;
}

function startOurs(program: 'router' | 'replica', config: unknown): void {
  const path = join(work, `${program}-${started.length}.json`);
  writeFileSync(path, JSON.stringify(config));
  const variable = `SLIPWAY_${program.toUpperCase()}`;
  start(process.execPath, [join(EMBEDDED, program, 'main.ts')], { [variable]: path });
}

function start(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const all = { ...process.env, ...env };
  const child = spawn(program, [...args], {
    cwd: work,
    env: all,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (child.pid !== undefined) started.push(child.pid);
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function load(options: Load): Promise<LoadResult> {
  const generator = join(import.meta.dirname, 'load.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [generator, JSON.stringify(options)]);
  return JSON.parse(stdout) as LoadResult;
}

function untilAnswers(port: number, path: string): Promise<void> {
  return until(async () => {
    const { answered } = await load({ port, path, host: HOST, connections: 1, milliseconds: 1 });
    if (answered === 0) throw new Error(`nothing good comes from port ${port}`);
  });
}

async function until(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Prints the table; the exit code. */
function report(contenders: readonly Contender[]): number {
  const rows = contenders.map(({ name, results }) => {
    const rates = results.map(({ answered, milliseconds }) => (answered / milliseconds) * 1000);
    const failed = results.reduce((sum, result) => sum + result.failed, 0);
    return {
      name,
      best: Math.max(...rates),
      median: median(rates),
      p99: median(results.map(({ p99 }) => p99)),
      failed,
    };
  });
  const base = rows.find(({ name }) => name === 'jco serve')?.best ?? 0;
  const anchor = rows.find(({ name }) => name === 'wasmtime serve')?.best;
  const cells = (values: readonly (string | number)[]) =>
    values.map((value, index) => (index === 0 ? String(value).padEnd(20) : String(value).padStart(16))).join('');
  const times = (rate: number, of: number | undefined) => (of === undefined ? '-' : `${(rate / of).toFixed(2)} x`);

  console.log(`${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s in turn, after one that does not count`);
  console.log('wasmtime serve makes an instance for each request; jco serve and the replica keep one.\n');
  console.log(cells(['', 'best req/s', 'median req/s', 'p99 ms', 'failed', 'of jco serve', 'of wasmtime']));
  for (const { name, best, median, p99, failed } of rows) {
    const figures = [Math.round(best), Math.round(median), p99.toFixed(2), failed];
    console.log(cells([name, ...figures, times(best, base), times(best, anchor)]));
  }
  const ours = rows.find(({ name }) => name === 'router and replica')?.best ?? 0;
  const lost = rows.filter(({ name }) => name.includes('replica')).some(({ failed }) => failed > 0);
  const reached = ours >= GOAL * base && !lost;
  console.log(
    `\n${reached ? 'reached' : 'MISSED'}: router and replica at least ${GOAL} x jco serve, no request failed`,
  );
  return reached ? 0 : 1;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
