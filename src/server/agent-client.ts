/** The client of the agent's socket. */

import { request } from 'node:http';
import type { CommandAnswer } from '../delivery/index.ts';
import { Fault, type FaultKind, systemCodeOf } from '../kernel/fault.ts';
import type { AgentInfo, DeployRequest, RouterInfo, Verb } from './agent-contract.ts';

export interface AgentClient {
  /** `null` when no agent answers. */
  info(): Promise<AgentInfo | null>;
  deploy(deployment: DeployRequest): Promise<CommandAnswer>;
  command(key: string, verb: Verb): Promise<CommandAnswer>;
  router(): Promise<RouterInfo>;
  stop(everything: boolean): Promise<void>;
}

/** @throws Fault of the agent as it was thrown there; `agent/unreachable` (unreachable) when nobody listens. */
export function createAgentClient(socket: string): AgentClient {
  const call = <Answer>(method: string, path: string, body?: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers =
        text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const outgoing = request({ socketPath: socket, path, method, headers, agent: false }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const answer: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
          if (response.statusCode === 200) resolve(answer as Answer);
          else reject(faultOf(answer));
        });
      });
      outgoing.on('error', (error) => reject(unreachable(error)));
      outgoing.end(text);
    });
  return {
    async info() {
      try {
        return await call<AgentInfo>('GET', '/v1/agent');
      } catch (error) {
        if (error instanceof Fault && error.code === 'agent/unreachable') return null;
        throw error;
      }
    },
    deploy: (deployment) => call('POST', '/v1/deployments', deployment),
    command: (key, verb) => call('POST', `/v1/environments/${key}/commands`, verb),
    router: () => call('GET', '/v1/router'),
    stop: (everything) => call('POST', `/v1/stop?everything=${everything}`),
  };
}

function unreachable(error: Error): Error {
  const code = systemCodeOf(error);
  if (code !== 'ENOENT' && code !== 'ECONNREFUSED' && code !== 'ECONNRESET') return error;
  return new Fault({
    code: 'agent/unreachable',
    kind: 'unreachable',
    message: 'No agent answers in this home.',
    hint: 'Start one with "slipway serve", or run "slipway deploy", which does.',
    retryable: true,
    cause: error,
  });
}

interface ProblemBody {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  readonly kind?: FaultKind;
}

function faultOf(body: unknown): Error {
  const { code, detail, hint, kind } = body as ProblemBody;
  if (hint === undefined || kind === undefined) return new Error(`the agent answered ${code}: ${detail}`);
  return new Fault({ code, kind, message: detail, hint });
}
