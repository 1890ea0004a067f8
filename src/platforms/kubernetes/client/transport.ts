/** One HTTP exchange with the API server, over kept connections, as whoever the kubeconfig says that we are. */

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { messageOf, systemCodeOf } from '../../../kernel/fault.ts';
import type { Access } from './kubeconfig.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Of the API, such as `/api/v1/namespaces/shop/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: { readonly type: string; readonly text: string };
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** What the server asks us to wait before we come again, in milliseconds; `null`: it says nothing. */
  readonly retryAfter: number | null;
  readonly stream: IncomingMessage;
  /** All of it. @throws ConnectionLost */
  text(): Promise<string>;
}

export interface Transport {
  /** Resolves with the head of the answer. @throws ConnectionLost, or the reason of the signal. */
  send(exchange: Exchange): Promise<Answer>;
}

/** There was no answer, or only a part of one. */
export class ConnectionLost extends Error {
  /** Whether the server can't have seen the request. */
  readonly unseen: boolean;
  /** Whether trying again may help: not where the two do not trust each other. */
  readonly passing: boolean;

  constructor(cause: unknown) {
    super(reasonOf(cause), { cause });
    this.name = 'ConnectionLost';
    const code = systemCodeOf(cause) ?? '';
    this.unseen = UNSEEN.includes(code);
    this.passing = this.unseen || PASSING.includes(code);
  }
}

const UNSEEN: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];
const PASSING: readonly string[] = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED'];

/** Longer than a pause between two looks, shorter than what load balancers let an unused connection live. */
const UNUSED_FOR = 30_000;

export function createTransport(access: Access): Transport {
  const secure = access.server.protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, timeout: UNUSED_FOR })
    : new HttpAgent({ keepAlive: true, timeout: UNUSED_FOR });
  return {
    async send({ method, path, query = {}, body, signal }) {
      signal.throwIfAborted();
      const { headers, ...identity } = await unlessAborted(access.credentials(), signal);
      const options: RequestOptions = {
        ...identity,
        ...(access.proxied ? {} : { agent }),
        method,
        headers: {
          ...headers,
          accept: 'application/json',
          'user-agent': 'slipway',
          ...(body === undefined
            ? {}
            : { 'content-type': body.type, 'content-length': String(Buffer.byteLength(body.text)) }),
        },
        signal,
      };
      return ask(addressOf(access.server, path, query), { options, secure, text: body?.text ?? '' });
    },
  };
}

/** A credential program may take for ever. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const leaving = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true, signal: leaving.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    leaving.abort();
  }
}

function ask(
  url: URL,
  {
    options,
    secure,
    text: body,
  }: { readonly options: RequestOptions; readonly secure: boolean; readonly text: string },
): Promise<Answer> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    const request = (secure ? requestHttps : requestHttp)(url, options, (stream) => {
      // A stream that nobody reads any more may still break.
      stream.on('error', () => undefined);
      resolve({
        status: stream.statusCode ?? 0,
        retryAfter: waitOf(stream.headers['retry-after']),
        stream,
        text: () => text(stream).catch((error: unknown) => Promise.reject(brokenBy(error, signal))),
      });
    });
    request.on('error', (error) => reject(brokenBy(error, signal)));
    request.end(body);
  });
}

function brokenBy(error: unknown, signal: AbortSignal | undefined): Error {
  return signal?.aborted === true && signal.reason instanceof Error ? signal.reason : new ConnectionLost(error);
}

/** A server may lie below a path, as those behind a common door do. */
function addressOf(server: URL, path: string, query: Readonly<Record<string, string>>): URL {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/$/, '')}${path}`;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

function waitOf(header: string | undefined): number | null {
  const seconds = Number(header);
  return header === undefined || !Number.isFinite(seconds) || seconds < 0 ? null : seconds * 1000;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was broken off',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name can not be looked up',
  ETIMEDOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by an authority that the kubeconfig names',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by an authority that the kubeconfig names',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by an authority that the kubeconfig names',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by an authority that the kubeconfig names',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

function reasonOf(cause: unknown): string {
  return REASONS[systemCodeOf(cause) ?? ''] ?? messageOf(cause);
}
