/** The router: the one port through which requests come, and the table that says where they go. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../kernel/clock.ts';
import { createLiveEnvironment } from './environment-routes.ts';
import { createExchange, type Destination } from './exchange.ts';
import { requestIdentifier } from './message-headers.ts';
import { createMirror } from './mirror.ts';
import { say } from './own-answer.ts';
import type { RequestLog } from './request-log.ts';
import type { RouterState } from './router-config.ts';
import { EMPTY_TABLE, hostOf, NO_ROUTES, releaseHost, releaseOfHost, type RoutingTable } from './routing-table.ts';

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
  const exchange = createExchange({ clock, log, mirror: createMirror({ clock, log }) });
  /** By host name, without the own hosts of releases. */
  const hosts = new Map<string, Destination>();
  let inForce = EMPTY_TABLE;

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const host = (request.headers.host ?? '').toLowerCase().replace(/:\d*$/, '');
    const destination = hosts.get(host) ?? ownHost(host);
    if (destination !== undefined && isThere(destination)) return exchange(destination, request, response);
    request.resume();
    const text = destination === undefined ? unknownHost(host, [...hosts.keys()]) : unknownRelease(destination);
    say(response, { status: 404, identifier: requestIdentifier(request), text });
  };
  const ownHost = (host: string): Destination | undefined => {
    const asked = releaseOfHost(host);
    const whole = asked === null ? undefined : hosts.get(asked.host);
    return asked === null || whole === undefined ? undefined : { ...whole, release: asked.release };
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
      const named = new Set<string>();
      for (const [key, routes] of Object.entries(table.environments)) {
        const host = hostOf(key);
        named.add(host);
        const whole = { ...NO_ROUTES, ...routes };
        const present = hosts.get(host)?.environment;
        if (present !== undefined) present.install(whole, now);
        else hosts.set(host, { environment: createLiveEnvironment(key, epoch, whole), release: null });
      }
      for (const host of hosts.keys()) if (!named.has(host)) hosts.delete(host);
      return true;
    },
    table: () => inForce,
    state: () => ({
      epoch,
      version: inForce.version,
      environments: Object.fromEntries(
        [...hosts.values()].map(({ environment }) => [environment.key, environment.traffic(clock.monotonic())]),
      ),
    }),
  };
}

function unknownHost(host: string, known: readonly string[]): string {
  const asked = host === '' ? 'The request names no host.' : `No environment answers to ${JSON.stringify(host)}.`;
  if (known.length === 0) return `${asked} Nothing is deployed here yet.\n`;
  return `${asked} These do:\n${known.map((name) => `  ${name}\n`).join('')}Send the name as Host header.\n`;
}

function isThere({ environment, release }: Destination): boolean {
  return release === null || environment.releases().includes(release);
}

function unknownRelease({ environment, release }: Destination): string {
  const running = environment.releases();
  const asked = `${environment.key} runs no release #${release}.`;
  if (running.length === 0) return `${asked} It runs none at all.\n`;
  return `${asked} These have a host of their own:\n${running.map((of) => `  ${releaseHost(environment.key, of)}\n`).join('')}`;
}

const NO_TUNNEL = 'This router carries no upgrades and tunnels.\n';

/** Upgrades (WebSocket) and tunnels are not carried, and say so. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => undefined);
  const head = ['HTTP/1.1 501 Not Implemented', 'connection: close', 'content-type: text/plain'];
  socket.end(`${head.join('\r\n')}\r\ncontent-length: ${NO_TUNNEL.length}\r\n\r\n${NO_TUNNEL}`);
}
