/** Asks a replica whether it can take requests. */

import { request as startRequest } from 'node:http';

/** True when the replica behind `socket` says that it is ready. A replica that does not answer in `patience` ms is not. */
export function isReady(socket: string, patience = 1000): Promise<boolean> {
  return new Promise((resolve) => {
    const request = startRequest({
      socketPath: socket,
      path: '/',
      agent: false,
      timeout: patience,
      headers: { host: 'replica', 'x-slipway-control': 'ready' },
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
    request.on('response', (answer) => {
      answer.resume();
      const status = answer.statusCode ?? 0;
      resolve(status >= 200 && status < 300);
    });
    request.end();
  });
}
