/** The client of the agent's socket. */

import { request } from 'node:http';
import type { ClusterTarget, CommandAnswer } from '../delivery/index.ts';
import { Fault, type FaultKind, systemCodeOf } from '../kernel/fault.ts';
import type { AgentInfo, DeployRequest, Known, RouterInfo, Verb } from './agent-contract.ts';

export interface AgentClient {
  /** `null` when no agent answers. */
  info(): Promise<AgentInfo | null>;
  deploy(deployment: DeployRequest): Promise<CommandAnswer>;
  command(key: string, verb: Verb): Promise<CommandAnswer>;
  /** The home knows this environment of a cluster from now on, and all that was told of it. */
  know(key: string, cluster: ClusterTarget): Promise<Known>;
  /** The agent does not drive it any more, so that others need not wait. */
  letGo(key: string): Promise<void>;
  router(): Promise<RouterInfo>;
  stop(everything: boolean): Promise<void>;
}

/** An agent that lives answers at once who it is. */
const INFO_LIMIT = 5000;
/** A command waits for those before it, and each for the platform. */
const COMMAND_LIMIT = 120_000;

/** @throws Fault of the agent as it was thrown there; `agent/unreachable` when nobody listens, `agent/no-answer`. */
export function createAgentClient(socket: string): AgentClient {
  const call = <Answer>({ method, path, body, limit = COMMAND_LIMIT }: Call): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers =
        text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const options = { socketPath: socket, path, method, headers, agent: false, timeout: limit };
      const outgoing = request(options, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', (error) => reject(unreachable(error)));
        response.on('end', () => {
          try {
            const answer: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
            if (response.statusCode === 200) resolve(answer as Answer);
            else reject(faultOf(answer));
          } catch (error) {
            reject(unreachable(new Error(`it answered ${response.statusCode} and no JSON`, { cause: error })));
          }
        });
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${limit / 1000} s`)));
      outgoing.on('error', (error) => reject(unreachable(error)));
      outgoing.end(text);
    });
  return {
    async info() {
      try {
        return await call<AgentInfo>({ method: 'GET', path: '/v1/agent', limit: INFO_LIMIT });
      } catch (error) {
        if (error instanceof Fault && error.code === NOBODY) return null;
        throw error;
      }
    },
    deploy: (deployment) => call({ method: 'POST', path: '/v1/deployments', body: deployment }),
    command: (key, verb) => call({ method: 'POST', path: `/v1/environments/${key}/commands`, body: verb }),
    know: (key, cluster) => call({ method: 'PUT', path: `/v1/environments/${key}/cluster`, body: cluster }),
    letGo: (key) => call({ method: 'DELETE', path: `/v1/environments/${key}/driver` }),
    router: () => call({ method: 'GET', path: '/v1/router' }),
    stop: (everything) => call({ method: 'POST', path: `/v1/stop?everything=${everything}` }),
  };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly limit?: number;
}

const NOBODY = 'agent/unreachable';

function unreachable(error: Error): Error {
  const code = systemCodeOf(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET') {
    return new Fault({
      code: NOBODY,
      kind: 'unreachable',
      message: 'No agent answers in this home.',
      hint: 'Start one with "slipway serve", or run "slipway deploy", which does.',
      retryable: true,
      cause: error,
    });
  }
  return new Fault({
    code: 'agent/no-answer',
    kind: 'unreachable',
    message: `The agent of this home did not answer as it should: ${error.message}.`,
    hint: 'See logs/agent.log in the home; "slipway status" says what was obeyed all the same.',
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
