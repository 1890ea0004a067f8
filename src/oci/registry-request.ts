/** One request to a registry, and patience with the failures that pass by themselves. */

import type { Clock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/fault.ts';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';
import { safeLocation } from './safe-address.ts';
import type { SignIn } from './sign-in.ts';

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

export type Answer =
  | { readonly kind: 'response'; readonly response: Response; readonly url: URL }
  /** Trying again may help; `wait` is what the registry asked for, in milliseconds. */
  | { readonly kind: 'transient'; readonly why: string; readonly wait: number | undefined };

type Transient = Extract<Answer, { kind: 'transient' }>;

const MAX_REDIRECTS = 5;
const ATTEMPTS = 5;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 60_000;
const MAX_ERROR_BODY = 64 * 1024;

export interface Patience {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

export interface Sender extends Patience {
  readonly signIn: SignIn;
}

/**
 * Follows redirects of reading requests by our own rules. Errors of the network are `transient`. Who we are is said to the
 * registry alone: after the first step away from it nothing is, even if that leads back.
 */
export async function sendRequest(request: RegistryRequest, { clock, signal, signIn }: Sender): Promise<Answer> {
  const reading = isReading(request);
  let url = request.url;
  let trusted = true;
  for (let redirects = 0; ; redirects += 1) {
    trusted &&= signIn.covers(url);
    const response = trusted
      ? await fetchSignedIn(request, url, { signal, signIn })
      : await fetchOnce(request, url, signal);
    if (!(response instanceof Response)) return response;
    if (reading && response.status >= 300 && response.status < 400 && response.headers.has('location')) {
      await response.body?.cancel();
      if (redirects === MAX_REDIRECTS) return { kind: 'transient', why: 'it redirects without end', wait: undefined };
      url = safeLocation(response.headers.get('location'), url);
      continue;
    }
    if (response.status === 408 || response.status === 429 || response.status >= 500) {
      await response.body?.cancel();
      const wait = retryAfter(response.headers.get('retry-after'), clock);
      return { kind: 'transient', why: `it answered ${response.status}`, wait };
    }
    return { kind: 'response', response, url };
  }
}

function isReading({ method }: RegistryRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Once more when the registry asks who we are. */
async function fetchSignedIn(
  request: RegistryRequest,
  url: URL,
  { signal, signIn }: { readonly signal: AbortSignal | undefined; readonly signIn: SignIn },
): Promise<Response | Transient> {
  const need = { access: isReading(request) ? 'read' : 'write', from: url.searchParams.get('from') } as const;
  const send = (authorization: string | undefined): Promise<Response | Transient> =>
    fetchOnce(authorization === undefined ? request : withHeader(request, authorization), url, signal);
  const first = await signIn.authorization(need);
  if (first.kind === 'transient') return first;
  const response = await send(first.value);
  if (!(response instanceof Response) || response.status !== 401) return response;
  const next = await signIn.renewed(need, response.headers.get('www-authenticate'), first.value);
  if (next === undefined) return response;
  await response.body?.cancel();
  return next.kind === 'transient' ? next : send(next.value);
}

function withHeader(request: RegistryRequest, authorization: string): RegistryRequest {
  return { ...request, headers: { ...request.headers, authorization } };
}

/** One request, no redirect followed. */
export async function fetchOnce(
  { method, headers, body }: RegistryRequest,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Response | Transient> {
  try {
    return await fetch(url, {
      method,
      redirect: 'manual',
      ...(headers ? { headers } : {}),
      ...(body ? { body } : {}),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { kind: 'transient', why: messageOf(cause), wait: undefined };
  }
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function retryAfter(text: string | null, clock: Clock): number | undefined {
  if (text === null) return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.wall();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/**
 * Does `operation` until it is answered, at most five times; waits 0.5, 1, 2, 4 s in between, or as long as the registry
 * asks, at most a minute.
 *
 * @throws Fault `registry/unreachable`.
 */
export async function withRetries(
  what: string,
  patience: Patience,
  operation: () => Promise<Answer>,
): Promise<Extract<Answer, { kind: 'response' }>> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await operation();
    if (answer.kind === 'response') return answer;
    if (attempt === ATTEMPTS) {
      throw ociFault({
        code: 'registry/unreachable',
        kind: 'unreachable',
        message: `${what} failed ${ATTEMPTS} times: ${printable(answer.why)}.`,
        hint: 'Check that the registry is up and reachable, then run it again: what arrived is not sent twice.',
        retryable: true,
      });
    }
    const wait = answer.wait ?? FIRST_WAIT * 2 ** (attempt - 1);
    await patience.clock.sleep(Math.min(wait, LONGEST_WAIT), patience.signal);
  }
}

/** Turns an answer that is not what was hoped for into a Fault with what the registry said. */
export async function refusal(response: Response, what: string, signIn: SignIn): Promise<Error> {
  if (response.status === 401 || response.status === 403) {
    await response.body?.cancel();
    return signIn.refusal(what, response.status);
  }
  const said = await readBounded(response, MAX_ERROR_BODY).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => '',
  );
  return ociFault({
    code: 'registry/refused',
    message: `${what} was refused by the registry (${response.status}): ${printable(signIn.redact(said.trim()) || 'it gives no reason')}`,
    hint: 'Check the name of the repository and whether it exists.',
  });
}

/** The body, abandoned as soon as it is longer than `limit`: then the result has `limit + 1` bytes or more. */
export async function readBounded(response: Response, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    length += piece.length;
    if (length > limit) break;
  }
  return Buffer.concat(pieces);
}
