/** What the platform says to the router, over a unix socket: `PUT /table`, `GET /table`, `GET /state`. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../../../kernel/fault.ts';
import type { RouterState } from './router-config.ts';
import { parseTable, type RoutingTable } from './routing-table.ts';

export interface ControlServerOptions {
  /** In force when it returns; false when a table as new is in force. */
  readonly install: (table: RoutingTable) => boolean;
  /** Keeps the table for the next life of the router. */
  readonly keep: (table: RoutingTable) => Promise<void>;
  readonly table: () => RoutingTable;
  readonly state: () => RouterState;
}

export function createControlServer({ install, keep, table, state }: ControlServerOptions): Server {
  const answerTo = async (request: IncomingMessage): Promise<{ status: number; value: unknown }> => {
    const asked = `${request.method} ${request.url}`;
    if (asked === 'GET /state') return { status: 200, value: state() };
    if (asked === 'GET /table') return { status: 200, value: table() };
    if (asked !== 'PUT /table') return { status: 404, value: { message: 'there are /state and /table' } };
    const given = parseTable(await textOf(request));
    if (!install(given)) return { status: 409, value: { version: state().version } };
    await keep(given);
    return { status: 200, value: { version: given.version } };
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, value } = await answerTo(request).catch((error: unknown) => ({
      status: 400,
      value: { message: messageOf(error) },
    }));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  return createServer((request, response) => void serve(request, response));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}
