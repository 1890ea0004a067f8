/** The one part of a kubelet's API that `kubectl logs` and ours ask for: what a container has said. */

import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';

export interface LogServerOptions {
  readonly port: number;
  /** Path of the certificate and of its key, without `.crt` and `.key`. */
  readonly certificate: string;
  /** `null`: there is no such pod. */
  readonly logsOf: (namespace: string, pod: string) => readonly string[] | null;
}

const LOOK_EVERY = 50;

export function createLogServer({ port, certificate, logsOf }: LogServerOptions): Server {
  const key = readFileSync(`${certificate}.key`);
  const server = createServer({ cert: readFileSync(`${certificate}.crt`), key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://node');
    const [, kind, namespace = '', pod = ''] = pathname.split('/');
    const lines = kind === 'containerLogs' ? logsOf(namespace, pod) : null;
    if (lines === null) {
      response.writeHead(404).end();
      return;
    }
    const tail = Number(searchParams.get('tailLines') ?? Infinity);
    for (const line of lines.slice(Math.max(0, lines.length - tail))) response.write(`${line}\n`);
    if (searchParams.get('follow') === 'true') goOn(response, lines.length, () => logsOf(namespace, pod));
    else response.end();
  });
  return server.listen(port, '127.0.0.1');
}

/** What is said from now on, until the pod is gone or nobody listens. */
function goOn(response: ServerResponse, told: number, lines: () => readonly string[] | null): void {
  let sent = told;
  // An answer without a piece would not begin.
  response.flushHeaders();
  const timer = setInterval(() => {
    const all = lines();
    for (const line of all?.slice(sent) ?? []) response.write(`${line}\n`);
    sent = Math.max(sent, all?.length ?? 0);
    if (all === null) response.end();
  }, LOOK_EVERY);
  response.on('close', () => clearInterval(timer));
}
