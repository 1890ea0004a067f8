/** The platform's side of the router's control socket. */

import { Agent, request as startRequest } from 'node:http';
import { systemCodeOf } from '../../kernel/fault.ts';
import { embeddedFault } from './embedded-fault.ts';
import type { RouterState } from './router/router-config.ts';
import type { RoutingTable } from './router/routing-table.ts';

export interface RouterClient {
  /** Resolves when the table, or a newer one, is in force. */
  put(table: RoutingTable): Promise<void>;
  state(): Promise<RouterState>;
  /** The table in force. */
  table(): Promise<RoutingTable>;
  /** Lets go of the kept connections. */
  close(): void;
}

const PATIENCE = 3000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Every call throws the Fault `embedded/router-unreachable` when the router does not answer (as it should). */
export function createRouterClient(socket: string): RouterClient {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 2 });

  const once = (method: string, path: string, body?: string): Promise<Answer | 'closed before'> =>
    new Promise((resolve, reject) => {
      const request = startRequest({ socketPath: socket, agent, method, path, timeout: PATIENCE });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE} ms`)));
      request.on('error', (error) => {
        if (request.reusedSocket && systemCodeOf(error) !== undefined) resolve('closed before');
        else reject(unreachable(error));
      });
      request.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => (text += piece));
        answer.on('error', (error) => reject(unreachable(error)));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      request.end(body);
    });
  const call = async (method: string, path: string, body?: string): Promise<Answer> => {
    for (;;) {
      const answer = await once(method, path, body);
      // The router had closed the kept connection. Every call may be made twice: a table has a version.
      if (answer !== 'closed before') return answer;
    }
  };
  const get = async (path: string): Promise<string> => {
    const { status, text } = await call('GET', path);
    if (status !== 200) throw unreachable(new Error(`it answered ${status} ${text}`));
    return text;
  };

  return {
    async put(table) {
      const { status, text } = await call('PUT', '/table', JSON.stringify(table));
      // 409: a newer table is in force, which is what matters.
      if (status !== 200 && status !== 409) throw unreachable(new Error(`it answered ${status} ${text}`));
    },
    state: async () => JSON.parse(await get('/state')) as RouterState,
    table: async () => JSON.parse(await get('/table')) as RoutingTable,
    close: () => agent.destroy(),
  };
}

function unreachable(cause: Error): Error {
  return embeddedFault({
    code: 'embedded/router-unreachable',
    kind: 'unreachable',
    message: `The router does not answer: ${cause.message}.`,
    hint: 'The agent restarts it by itself; see logs/router.log in the home if it does not come back.',
    retryable: true,
    cause,
  });
}
