/** The HTTP server of a replica: one request after the other goes through the service, readiness is told apart. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../../kernel/clock.ts';
import type { ReplicaConfig } from './config.ts';
import type { CountedOutcome, RequestCounters } from './metrics/request-counters.ts';
import { announcesTooMuch, discardBody, hasBody, LARGEST_REQUEST, partsOf, readBody } from './request-reader.ts';
import { say, writeAnswer } from './response-writer.ts';
import type { Service, ServiceAnswer } from './service-answer.ts';
import type { Watchdog } from './watchdog.ts';

/** On the unix socket only: a request with this header is for us. The router lets none of a client through. */
const CONTROL_HEADER = 'x-slipway-control';

/** Longer than a router keeps an idle connection, so that it is the one who closes. */
const KEEP_ALIVE = 120_000;

/** A time without a new connection after which we take it that none is waiting, in milliseconds. */
const ARRIVAL = 20;
/** So often at most, since somebody may come all the time. */
const ARRIVAL_ROUNDS = 25;

export interface ReplicaServer {
  readonly server: Server;
  /** From now on requests go to the service. Before that they get 503. */
  readonly serve: (service: Service) => void;
  /** No new connections; answers that are under way are finished, and say that theirs is the last one. Resolves then. */
  readonly drain: (patience: number) => Promise<void>;
  /** Whether requests go to the service. */
  readonly ready: () => boolean;
}

export interface ReplicaServerOptions {
  readonly config: Pick<ReplicaConfig, 'listen' | 'identity'>;
  readonly watchdog: Watchdog;
  readonly clock: Clock;
  /** `null`: nobody reads them. */
  readonly counters: RequestCounters | null;
}

export function createReplicaServer({ config, watchdog, clock, counters }: ReplicaServerOptions): ReplicaServer {
  const private_ = 'socket' in config.listen;
  let service: Service | null = null;
  let draining = false;
  let arrivals = 0;
  let requests = 0;
  let traps = 0;

  const ready = (): boolean => service !== null && !draining;

  const tellState = (response: ServerResponse): void => {
    const state = {
      ready: ready(),
      pid: process.pid,
      requests,
      traps,
      memory: service?.memory() ?? 0,
      identity: config.identity,
    };
    const text = `${JSON.stringify(state)}\n`;
    response.writeHead(state.ready ? 200 : 503, { 'content-type': 'application/json' }).end(text);
  };

  const run = (request: IncomingMessage, response: ServerResponse, body?: Uint8Array): void => {
    if (service === null) return say(response, 503, 'The service is not ready yet.\n', ['retry-after', '1']);
    // Nobody waits for the answer any more.
    if (response.destroyed) return;
    requests += 1;
    const parts = partsOf(request, body);
    const mark = parts.path.indexOf('?');
    // What stands after the path may be private.
    watchdog.begin(`${parts.method} ${mark < 0 ? parts.path : parts.path.slice(0, mark)}`);
    const began = counters === null ? 0 : clock.monotonic();
    const answer = service.answer(parts);
    watchdog.end();
    const outcome = outcomeOf(answer);
    if (outcome === 'trap') traps += 1;
    counters?.count(outcome, clock.monotonic() - began);
    writeAnswer(response, answer);
  };

  const refuseSize = (response: ServerResponse): void =>
    say(response, 413, `The body of a request may have at most ${LARGEST_REQUEST} bytes.\n`);

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (draining) response.shouldKeepAlive = false;
    if (private_ && request.headers[CONTROL_HEADER] !== undefined) return tellState(response);
    if (!hasBody(request)) return run(request, response);
    if (announcesTooMuch(request)) {
      discardBody(request);
      return refuseSize(response);
    }
    readBody(request, (body) => {
      if (draining) response.shouldKeepAlive = false;
      if (body === 'too large') refuseSize(response);
      else run(request, response, body);
    });
  };

  /** Clients that have connected while a request held the thread are let in before the door is shut. */
  const quiet = async (): Promise<void> => {
    let before = -1;
    for (let round = 0; round < ARRIVAL_ROUNDS && before !== arrivals; round += 1) {
      before = arrivals;
      await clock.sleep(ARRIVAL);
    }
  };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE, noDelay: true }, onRequest);
  server.on('connection', () => (arrivals += 1));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!announcesTooMuch(request)) response.writeContinue();
    // A client that was not told to go on may send the body or leave it out, so what follows can't be read.
    else response.shouldKeepAlive = false;
    onRequest(request, response);
  });

  return {
    server,
    ready,
    serve(loaded) {
      service = loaded;
    },
    async drain(patience) {
      draining = true;
      await quiet();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Whoever connected without a request, or reads so slowly, is not waited for.
        setTimeout(() => server.closeAllConnections(), patience).unref();
      });
    },
  };
}

/** As a router would tell it that sees only the answer. */
function outcomeOf(answer: ServiceAnswer): CountedOutcome {
  if (answer.kind === 'failed') return answer.why === 'error' ? 'error' : 'trap';
  return answer.status >= 500 ? 'error' : 'ok';
}
