/** A real server for gates to ask, which knows what it was asked, and the gates as the agent has them. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { EndToEndPlan, Gate, GateOrder, GateVerdict } from '../../src/delivery/index.ts';
import { createGates } from '../../src/gates/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';

export interface Asked {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface GateServer {
  /** By a name below `localhost`, as one release of a service has. */
  readonly url: string;
  readonly asked: readonly Asked[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function serveRelease(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<GateServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url: path = '' } = request;
      asked.push({ host: request.headers.host ?? '', method, path, body: Buffer.concat(pieces).toString() });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://7.herald.staging.localhost:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const LOAD_PROGRAM = [process.execPath, join(import.meta.dirname, '../../src/gates/load/main.ts')];

const GATES: Gate = createGates({
  clock: systemClock,
  environment: { PATH: process.env['PATH'] ?? '' },
  loadProgram: LOAD_PROGRAM,
});

export function runGate(
  order: GateOrder,
  target: { readonly url: string; readonly endToEnd?: EndToEndPlan },
  signal: AbortSignal = new AbortController().signal,
): Promise<GateVerdict> {
  return GATES.run(order, { url: target.url, endToEnd: target.endToEnd ?? null }, signal);
}
