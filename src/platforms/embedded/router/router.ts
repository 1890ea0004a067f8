/** The router: the one port through which requests come, and the table that says where they go. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../kernel/clock.ts';
import { createLiveEnvironment, type LiveEnvironment } from './environment-routes.ts';
import { createExchange, say } from './exchange.ts';
import { requestIdentifier } from './message-headers.ts';
import type { RequestLog } from './request-log.ts';
import type { RouterState } from './router-config.ts';
import { EMPTY_TABLE, hostOf, type RoutingTable } from './routing-table.ts';

export interface Router {
  /** The server of the data port; not listening yet. */
  readonly server: Server;
  /** Takes over a newer table, in force for the next request; false when the one in force is as new. */
  readonly install: (table: RoutingTable) => boolean;
  /** The one in force. */
  readonly table: () => RoutingTable;
  readonly state: () => Omit<RouterState, 'pid' | 'port'>;
}

export interface RouterOptions {
  readonly clock: Clock;
  readonly log: RequestLog;
  readonly epoch: string;
}

export function createRouter({ clock, log, epoch }: RouterOptions): Router {
  const exchange = createExchange({ clock, log });
  /** By host name. */
  const hosts = new Map<string, LiveEnvironment>();
  let inForce = EMPTY_TABLE;

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const host = (request.headers.host ?? '').toLowerCase().replace(/:\d*$/, '');
    const environment = hosts.get(host);
    if (environment !== undefined) return exchange(environment, request, response);
    request.resume();
    const text = unknownHost(host, [...hosts.keys()]);
    say(response, { status: 404, identifier: requestIdentifier(request), text });
  };

  // Requests are bounded by the limit of their environment; a slow head by Node's own headersTimeout.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, serve);
  server.on('upgrade', refuseTunnel);
  server.on('connect', refuseTunnel);

  return {
    server,
    install(table) {
      if (table.version <= inForce.version) return false;
      const now = clock.monotonic();
      inForce = table;
      const present = new Set<string>();
      for (const [key, routes] of Object.entries(table.environments)) {
        const host = hostOf(key);
        present.add(host);
        const environment = hosts.get(host);
        if (environment === undefined) hosts.set(host, createLiveEnvironment(key, routes));
        else environment.install(routes, now);
      }
      for (const host of hosts.keys()) if (!present.has(host)) hosts.delete(host);
      return true;
    },
    table: () => inForce,
    state: () => ({
      epoch,
      version: inForce.version,
      environments: Object.fromEntries([...hosts.values()].map((live) => [live.key, live.traffic(epoch)])),
    }),
  };
}

function unknownHost(host: string, known: readonly string[]): string {
  const asked = host === '' ? 'The request names no host.' : `No environment answers to ${JSON.stringify(host)}.`;
  if (known.length === 0) return `${asked} Nothing is deployed here yet.\n`;
  return `${asked} These do:\n${known.map((name) => `  ${name}\n`).join('')}Send the name as Host header.\n`;
}

const NO_TUNNEL = 'This router carries no upgrades and tunnels.\n';

/** Upgrades (WebSocket) and tunnels are not carried, and say so. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => undefined);
  const head = ['HTTP/1.1 501 Not Implemented', 'connection: close', 'content-type: text/plain'];
  socket.end(`${head.join('\r\n')}\r\ncontent-length: ${NO_TUNNEL.length}\r\n\r\n${NO_TUNNEL}`);
}
