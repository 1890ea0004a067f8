/** The port of a replica in an image that is not for users: what it has counted, and whether it serves. */

import { createServer, type Server } from 'node:http';
import { say } from '../response-writer.ts';
import { EXPOSITION_TYPE, writeExposition } from './exposition.ts';
import type { RequestCounters } from './request-counters.ts';

export interface MetricsServerOptions {
  readonly counters: RequestCounters;
  /** Wall time in seconds. */
  readonly processStart: number;
  readonly ready: () => boolean;
}

/** Answers between two requests of the service: while one runs, it waits. */
export function createMetricsServer({ counters, processStart, ready }: MetricsServerOptions): Server {
  return createServer(({ method, url }, response) => {
    if (method !== 'GET' && method !== 'HEAD') return say(response, 405, 'Only GET.\n', ['allow', 'GET, HEAD']);
    if (url === '/ready') return ready() ? say(response, 200, 'ready\n') : say(response, 503, 'not ready\n');
    if (url !== '/metrics') return say(response, 404, 'There is /metrics and /ready.\n');
    response.writeHead(200, { 'content-type': EXPOSITION_TYPE });
    response.end(writeExposition(counters.read(), processStart));
  });
}
