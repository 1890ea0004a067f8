/**
 * The router process: outlives the agent, restores its table by itself after a crash, ends in order on SIGTERM. Exit
 * codes: 0 ended as asked, 3 the port or the control socket can't be had.
 */

import { readFileSync, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import { systemClock } from '../../../kernel/clock.ts';
import { messageOf } from '../../../kernel/fault.ts';
import { randomIdentifier } from '../../../kernel/random.ts';
import { createControlServer } from './control-server.ts';
import { openRequestLog } from './request-log.ts';
import { createRouter } from './router.ts';
import { ROUTER_VARIABLE, type RouterConfig } from './router-config.ts';
import { EMPTY_TABLE, parseTable, type RoutingTable } from './routing-table.ts';

/** How long requests in flight may go on after SIGTERM. */
const LAST_REQUESTS = 10_000;

const config = JSON.parse(readFileSync(process.env[ROUTER_VARIABLE] ?? '', 'utf8')) as RouterConfig;
const log = openRequestLog({ folder: config.logs });
const router = createRouter({ clock: systemClock, log, epoch: randomIdentifier() });
router.install(readTable(config.table));

const control = createControlServer({
  install: router.install,
  table: router.table,
  state: () => ({ ...router.state(), pid: process.pid, port: portOf(router.server) }),
  // No sync: after a crash of the machine no replica that it names is there any more.
  async keep(table) {
    const temporary = `${config.table}.${table.version}.tmp`;
    await writeFile(temporary, JSON.stringify(table), { mode: 0o600 });
    await rename(temporary, config.table);
  },
});

try {
  await listen(router.server, { host: config.listen.host, port: config.listen.port, backlog: 2048 });
  rmSync(config.control, { force: true });
  await listen(control, { path: config.control });
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(3);
}
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => undefined);

async function end(): Promise<void> {
  const deadline = systemClock.monotonic() + LAST_REQUESTS;
  router.server.close();
  control.close();
  while (inFlight() > 0 && systemClock.monotonic() < deadline) await systemClock.sleep(10);
  await log.close();
  rmSync(config.control, { force: true });
  process.exit(0);
}

function inFlight(): number {
  const environments = Object.values(router.state().environments);
  return environments.flatMap(({ replicas }) => replicas).reduce((sum, replica) => sum + replica.inFlight, 0);
}

function readTable(path: string): RoutingTable {
  try {
    return parseTable(readFileSync(path, 'utf8'));
  } catch {
    // None yet, or a damaged one: the platform sends the right one as soon as it sees us.
    return EMPTY_TABLE;
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
