/** A short-lived token of the server that a registry names (distribution-spec's token flow; RFC 6749 section 6). */

import type { Challenge } from './challenge.ts';
import { basicOf, type Credential } from './credential.ts';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';
import { type Answer, fetchOnce, readBounded, type RegistryRequest } from './registry-request.ts';
import { isLoopback, safeLocation } from './safe-address.ts';

export interface TokenRequest {
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  /** Of the registry that has sent the challenge. */
  readonly base: URL;
  readonly credential: Credential | null;
  readonly signal?: AbortSignal;
}

export type TokenAnswer =
  | { readonly kind: 'token'; readonly token: string; readonly seconds: number }
  /** It does not give this one a token, or says so by giving none. */
  | { readonly kind: 'denied'; readonly status: number }
  | Extract<Answer, { kind: 'transient' }>;

const MAX_ANSWER = 64 * 1024;
/** Where it says none (distribution-spec, token authentication). */
const LIFETIME = 60;

/** @throws Fault `registry/untrusted-location`, or `registry/refused` when the server answers something else than a token. */
export async function fetchToken(request: TokenRequest): Promise<TokenAnswer> {
  const { challenge, base, signal } = request;
  const realm = realmOf(challenge, base);
  // A redirect is not followed: what we send is for this server alone.
  const response = await fetchOnce(requestTo(realm, request), realm, signal);
  if (!(response instanceof Response)) return response;
  const { status } = response;
  if (!response.ok) {
    await response.body?.cancel();
    if (status === 401 || status === 403) return { kind: 'denied', status };
    if (status === 408 || status === 429 || status >= 500) {
      return { kind: 'transient', why: `its token server ${realm.host} answered ${status}`, wait: undefined };
    }
    throw useless(realm, `answered ${status}`);
  }
  let bytes: Uint8Array;
  try {
    bytes = await readBounded(response, MAX_ANSWER);
  } catch {
    return { kind: 'transient', why: `its token server ${realm.host} stopped in the middle`, wait: undefined };
  }
  return tokenIn(bytes, realm);
}

/** It may be another host than the registry's, so HTTPS is a must, but for what never leaves this machine. */
function realmOf({ parameters }: Challenge, base: URL): URL {
  const realm = URL.parse(parameters.get('realm') ?? '');
  const plain = realm !== null && realm.username === '' && realm.password === '';
  const here = plain && isLoopback(base.hostname) && isLoopback(realm.hostname) && /^https?:$/.test(realm.protocol);
  const beside = plain && realm.protocol === 'https:' && realm.hostname === base.hostname;
  return here || beside ? realm : safeLocation(parameters.get('realm') ?? null, base);
}

function requestTo(realm: URL, { challenge, scopes, credential }: TokenRequest): RegistryRequest {
  const service = challenge.parameters.get('service');
  if (credential?.kind === 'identityToken') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'slipway',
      ...(service === undefined ? {} : { service }),
      scope: scopes.join(' '),
      refresh_token: credential.token,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: new TextEncoder().encode(form.toString()) };
  }
  if (service !== undefined) realm.searchParams.set('service', service);
  for (const scope of scopes) realm.searchParams.append('scope', scope);
  const headers = credential === null ? {} : { authorization: `Basic ${basicOf(credential)}` };
  return { method: 'GET', url: realm, headers };
}

function tokenIn(bytes: Uint8Array, realm: URL): TokenAnswer {
  const { token, access_token: access, expires_in: seconds } = objectIn(bytes);
  const text = typeof token === 'string' && token !== '' ? token : access;
  // As a header it must be visible ASCII; the fault of a header that is not would quote it.
  if (typeof text !== 'string' || !/^[\u0021-\u007e]+$/.test(text)) throw useless(realm, 'gives no token');
  const lasts = typeof seconds === 'number' && seconds > 0 ? seconds : LIFETIME;
  return { kind: 'token', token: text, seconds: lasts };
}

function objectIn(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = bytes.length > MAX_ANSWER ? null : JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function useless(realm: URL, why: string): Error {
  return ociFault({
    code: 'registry/refused',
    message: `Signing in failed: the token server ${printable(realm.host)}, which the registry names, ${why}.`,
    hint: 'Check the name of the repository, and that the registry works with `docker login`.',
  });
}
