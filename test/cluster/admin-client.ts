/**
 * A client of the API server that may do everything and hides nothing: for rigs, which must not rest on the client that
 * they test. One kubeconfig, one keep-alive agent, bare requests.
 */

import { type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { createInterface } from 'node:readline';
import { KubeConfig } from '@kubernetes/client-node';

export interface Answer {
  readonly status: number;
  /** Parsed JSON; the text where it is none. */
  readonly body: unknown;
}

export interface RequestBody {
  readonly content: unknown;
  /** `application/json` unless it is said. */
  readonly type?: string;
}

export interface WatchedEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ApiObject;
}

/** An object as far as rigs look at every kind. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** Whatever the kind holds; who reads it says what it is. */
  readonly [field: string]: unknown;
}

export interface AdminClient {
  readonly server: string;
  /** Whatever the server answers; rejects only when it can't be asked. */
  ask(method: string, path: string, body?: RequestBody): Promise<Answer>;
  /** The same for what must succeed: a status of 300 or more is an error that says what the server said. */
  demand(method: string, path: string, body?: RequestBody): Promise<ApiObject>;
  /** Server-side apply of an object of any kind by its path, as the field manager `rig`, by force. */
  apply(path: string, object: object): Promise<ApiObject>;
  /**
   * Lists and then watches a collection until `close`, again and again where it breaks off: `path` without a query of a
   * watch. Events of a list are `ADDED`; what went between two lists is not told.
   */
  follow(path: string, onEvent: (event: WatchedEvent) => void): { readonly close: () => void };
  close(): void;
}

/** Answers that take longer than this are given up. */
const PATIENCE = 30_000;
const RETRY = 100;

export async function createAdminClient(kubeconfig: string): Promise<AdminClient> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error(`${kubeconfig} names no server`);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized } = options;
  const headers = options.headers as Record<string, string> | undefined;
  const agent = new Agent({
    keepAlive: true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  });

  const open = (method: string, path: string, type: string | null): ClientRequest =>
    request(new URL(path, server), {
      method,
      agent,
      headers: { ...headers, ...(type === null ? {} : { 'content-type': type }) },
    });

  const ask: AdminClient['ask'] = async (method, path, body) => {
    const asked = open(method, path, body === undefined ? null : (body.type ?? 'application/json'));
    asked.setTimeout(PATIENCE, () => asked.destroy(new Error(`${method} ${path}: no answer`)));
    const response = responseOf(asked);
    if (body === undefined) asked.end();
    else {
      const content = Buffer.from(JSON.stringify(body.content));
      // Node would send the body of a DELETE without saying that there is one.
      asked.setHeader('content-length', content.length);
      asked.end(content);
    }
    const answer = await response;
    const text = await textOf(answer);
    return { status: answer.statusCode ?? 0, body: parsed(text) };
  };

  const demand: AdminClient['demand'] = async (method, path, body) => {
    const answer = await ask(method, path, body);
    if (answer.status < 300) return answer.body as ApiObject;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };

  return {
    server,
    ask,
    demand,
    apply: (path, content) =>
      demand('PATCH', `${path}?fieldManager=rig&force=true`, { content, type: 'application/apply-patch+yaml' }),
    follow: (path, onEvent) => followCollection({ ask, open, path, onEvent }),
    close: () => agent.destroy(),
  };
}

interface Following {
  readonly ask: AdminClient['ask'];
  readonly open: (method: string, path: string, type: null) => ClientRequest;
  readonly path: string;
  readonly onEvent: (event: WatchedEvent) => void;
}

function followCollection({ ask, open, path, onEvent }: Following): { readonly close: () => void } {
  const ending = new AbortController();
  const { signal } = ending;
  let current: ClientRequest | null = null;
  const join = path.includes('?') ? '&' : '?';

  const once = async (): Promise<void> => {
    const list = await ask('GET', path);
    if (list.status !== 200) throw new Error(`${path}: ${list.status}`);
    const { items, metadata } = list.body as { items: ApiObject[]; metadata: { resourceVersion: string } };
    for (const object of items) onEvent({ type: 'ADDED', object });
    current = open('GET', `${path}${join}watch=true&resourceVersion=${metadata.resourceVersion}`, null);
    const response = responseOf(current);
    current.end();
    for await (const line of createInterface({ input: await response })) {
      if (signal.aborted) return;
      const event = JSON.parse(line) as WatchedEvent | { readonly type: 'ERROR' };
      // Too old a version, for one: a new list is what helps.
      if (event.type === 'ERROR') return;
      onEvent(event);
    }
  };
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await once().catch(() => undefined);
      current?.destroy();
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
  };
  void loop();
  return {
    close: () => {
      ending.abort();
      current?.destroy();
    },
  };
}

function responseOf(asked: ClientRequest): Promise<IncomingMessage> {
  const response = Promise.withResolvers<IncomingMessage>();
  asked.on('response', response.resolve);
  asked.on('error', response.reject);
  return response.promise;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
