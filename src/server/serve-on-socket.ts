/** Listens on a unix socket that only its owner may use. */

import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

/** Whoever calls it holds the agent's lock, so a socket file that is there already is a dead agent's. */
export function serveOnSocket(api: Hono, path: string): Promise<Server> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const listener = getRequestListener((request) => api.fetch(request));
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The file is made while `listen` runs, so there is no moment at which others may open it.
    const before = process.umask(0o177);
    server.listen(path, () => resolve(server));
    process.umask(before);
  });
}
