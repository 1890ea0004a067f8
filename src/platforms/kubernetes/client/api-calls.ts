/**
 * Calls of the API, bounded in time. What the server puts off (429, 503) is asked again when it says so, what got lost on
 * the way is asked again where that can't do it twice, and new credentials are looked for once when ours are refused.
 */

import type { Clock } from '../../../kernel/clock.ts';
import { createRandom, randomIdentifier } from '../../../kernel/random.ts';
import { createRedactor } from '../../../kernel/secret.ts';
import { kubernetesFault } from '../kubernetes-fault.ts';
import type { Access } from './kubeconfig.ts';
import { type Asked, faultOf } from './refusal.ts';
import { isMisspelt, readStatus, type Status } from './status.ts';
import { tokenExpired, tokenOf } from './token.ts';
import { type Answer, ConnectionLost, createTransport, type Exchange } from './transport.ts';

export interface Call extends Omit<Exchange, 'signal'> {
  /** For messages. */
  readonly asked: Pick<Asked, 'verb' | 'what'>;
  /** Whether doing it twice is doing it once. */
  readonly repeatable: boolean;
  /** Values that must not be in a message. */
  readonly secrets?: readonly string[];
}

export interface ApiCalls {
  /** The body of a good answer, or what the server says instead. @throws Fault for everything else. */
  ask(call: Call, signal?: AbortSignal): Promise<{ readonly text: string } | { readonly status: Status }>;
  /** The answer as soon as it begins; its body is not bounded in time. One try. */
  open(call: Call, signal: AbortSignal): Promise<Answer | { readonly status: Status }>;
  fault(status: Status, call: Call): Promise<Error>;
}

export interface Limits {
  /** Longest time for one answer, in milliseconds. */
  readonly answer: number;
  /** How long a call is tried again in all, in milliseconds. */
  readonly patience: number;
}

export interface ApiCallsOptions {
  /** Reads the kubeconfig anew. */
  readonly access: () => Access;
  readonly namespace: string;
  readonly clock: Clock;
  readonly limits: Limits;
}

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2000;

/** A server that has just started refuses everybody until it has read who may do what. */
const STARTING = 10_000;

export function createApiCalls({ access: reopen, namespace, clock, limits }: ApiCallsOptions): ApiCalls {
  let access = reopen();
  let transport = createTransport(access);
  /** Monotonic time when the server was last away. */
  let lostAt = Number.NEGATIVE_INFINITY;
  const random = createRandom(Number.parseInt(randomIdentifier(8), 16));

  const once = async (call: Call, outer: AbortSignal | undefined): Promise<Tried> => {
    const bounded = boundedSignal({ clock, limit: limits.answer, outer });
    try {
      const answer = await transport.send({ ...call, signal: bounded.signal });
      const body = await answer.text();
      if (answer.status < 300) return { kind: 'done', result: { text: body } };
      const status = readStatus(answer.status, body, answer.retryAfter);
      const putOff = isPutOff(status, call) || (isOfRights(status) && clock.monotonic() - lostAt < STARTING);
      return putOff ? { kind: 'later', status } : { kind: 'done', result: { status } };
    } catch (error) {
      outer?.throwIfAborted();
      if (!(error instanceof ConnectionLost)) throw error;
      lostAt = clock.monotonic();
      return { kind: 'lost', error };
    } finally {
      bounded.end();
    }
  };
  const withNewCredentials = async (call: Call, signal: AbortSignal | undefined): Promise<Tried> => {
    const first = await once(call, signal);
    if (first.kind !== 'done' || !('status' in first.result) || first.result.status.code !== 401) return first;
    // They may have been renewed on disk, or by the program that gives them, since we read them.
    access = reopen();
    transport = createTransport(access);
    return once(call, signal);
  };
  const ask: ApiCalls['ask'] = async (call, signal) => {
    const began = clock.monotonic();
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      const tried = await withNewCredentials(call, signal);
      if (tried.kind === 'done') return tried.result;
      const again = tried.kind === 'later' || (tried.error.passing && (tried.error.unseen || call.repeatable));
      const wait =
        Math.max(tried.kind === 'later' ? (tried.status.retryAfter ?? 0) : 0, pause) * (1 + random.next() / 4);
      if (!again || clock.monotonic() - began + wait > limits.patience) {
        if (tried.kind === 'later') return { status: tried.status };
        throw unreachable(access, call, tried.error);
      }
      await clock.sleep(wait, signal);
    }
  };
  return {
    ask,
    async open(call, signal) {
      const bounded = boundedSignal({ clock, limit: limits.answer, outer: signal });
      try {
        const answer = await transport.send({ ...call, signal: bounded.signal });
        if (answer.status < 300) return answer;
        const status = readStatus(answer.status, await answer.text(), answer.retryAfter);
        if (status.code === 401) {
          access = reopen();
          transport = createTransport(access);
        }
        return { status };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ConnectionLost)) throw error;
        lostAt = clock.monotonic();
        throw unreachable(access, call, error);
      } finally {
        // Only the head was to come in time: the signal of the caller goes on to end the rest.
        bounded.release();
      }
    },
    async fault(status, call) {
      const token = tokenOf(await access.credentials().catch(() => ({ headers: {} })));
      const redact = createRedactor([...(call.secrets ?? []), ...(token === null ? [] : [token])]);
      const { context, user } = access;
      const expired = status.code === 401 && token !== null ? tokenExpired(token, clock.wall()) : null;
      const told = { ...status, message: redact(status.message) };
      return faultOf(told, { ...call.asked, namespace, context, user, expired });
    },
  };
}

type Tried =
  | { readonly kind: 'done'; readonly result: { readonly text: string } | { readonly status: Status } }
  | { readonly kind: 'later'; readonly status: Status }
  | { readonly kind: 'lost'; readonly error: ConnectionLost };

/** Too much to do; or a server that starts, or has lost its store for a moment: what can be done again is asked again. */
function isPutOff(status: Status, { repeatable }: Call): boolean {
  const { code } = status;
  if (isMisspelt(status)) return false;
  return code === 429 || (repeatable && (code === 500 || code === 503 || code === 504));
}

function isOfRights({ code }: Status): boolean {
  return code === 401 || code === 403;
}

/** Aborts when the time is over, as a connection that was lost, or with the outer signal. */
function boundedSignal({
  clock,
  limit,
  outer,
}: {
  readonly clock: Clock;
  readonly limit: number;
  readonly outer: AbortSignal | undefined;
}): { readonly signal: AbortSignal; end(): void; release(): void } {
  const ending = new AbortController();
  const timer = new AbortController();
  const leave = (): void => ending.abort(outer?.reason);
  outer?.addEventListener('abort', leave, { once: true });
  clock.sleep(limit, timer.signal).then(
    () => ending.abort(new ConnectionLost(timedOut())),
    () => undefined,
  );
  return {
    signal: ending.signal,
    release: () => timer.abort(),
    end() {
      timer.abort();
      outer?.removeEventListener('abort', leave);
    },
  };
}

function timedOut(): Error {
  return Object.assign(new Error('it does not answer'), { code: 'ETIMEDOUT' });
}

function unreachable(access: Access, { asked }: Call, error: ConnectionLost): Error {
  return kubernetesFault({
    code: 'kubernetes/unreachable',
    kind: 'unreachable',
    message: `Can't ${asked.verb} ${asked.what}: the API server ${access.server.origin} of the context ${access.context} can't be reached: ${error.message}.`,
    hint: 'Check the address in the kubeconfig and the network; what was asked is tried again.',
    retryable: true,
    cause: error,
  });
}
