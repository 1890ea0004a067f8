/**
 * Signing in to one registry: nothing is sent before it asks, and then only to itself, or what it asks for (Basic) or to the
 * token server that it names (Bearer). A token is kept until it expires.
 */

import type { Clock } from '../kernel/clock.ts';
import { createRedactor } from '../kernel/secret.ts';
import { fetchToken } from './bearer-token.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { basicOf, type Credential, secretsOf } from './credential.ts';
import type { CredentialPlaces } from './find-credential.ts';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';
import { repositoryName, type Reference } from './reference.ts';
import type { Answer } from './registry-request.ts';
import { isLoopback } from './safe-address.ts';

/** What a request is to be allowed. */
export interface Need {
  readonly access: 'read' | 'write';
  /** Another repository that is read for it. */
  readonly from: string | null;
}

/** The value of `Authorization`; none: go without. */
export type Authorization =
  | { readonly kind: 'value'; readonly value: string | undefined }
  | Extract<Answer, { kind: 'transient' }>;

export interface SignIn {
  /** Whether the address is the registry itself: nobody else gets anything. */
  covers(url: URL): boolean;
  authorization(need: Need): Promise<Authorization>;
  /** After a 401: another one that is worth one more try; `undefined` when there is none. */
  renewed(need: Need, header: string | null, sent: string | undefined): Promise<Authorization | undefined>;
  /** The Fault for an answer 401 or 403. */
  refusal(what: string, status: number): Error;
  redact(text: string): string;
}

export interface SignInOptions {
  readonly reference: Reference;
  readonly base: URL;
  readonly clock: Clock;
  /** Where credentials are looked for; none: nobody signs in. */
  readonly credentials?: CredentialPlaces;
  readonly signal?: AbortSignal;
}

interface Token {
  readonly value: string;
  /** Monotonic. */
  readonly until: number;
}

export function createSignIn(options: SignInOptions): SignIn {
  const { reference, base, clock, credentials, signal } = options;
  const asked = new Map<string, Challenge>();
  const tokens = new Map<string, Token>();
  let known: Credential | null | undefined;
  let basic: string | undefined;
  const given = new Set<string>();

  const credential = async (): Promise<Credential | null> => {
    if (known === undefined) {
      const who = await found(reference.registry, credentials);
      if (who !== null && base.protocol !== 'https:' && !isLoopback(base.hostname)) throw insecure(reference);
      known = who;
    }
    return known;
  };
  const bearer = async (need: Need, challenge: Challenge): Promise<Authorization> => {
    const scopes = scopesOf(need, challenge, reference);
    const key = scopes.join(' ');
    const kept = tokens.get(key);
    if (kept !== undefined && clock.monotonic() < kept.until) return { kind: 'value', value: `Bearer ${kept.value}` };
    const who = await credential();
    const answer = await fetchToken({ challenge, scopes, base, credential: who, ...(signal ? { signal } : {}) });
    if (answer.kind === 'transient') return answer;
    if (answer.kind === 'denied') throw refusalOf(reference, 'Signing in', { status: 401, who });
    given.add(answer.token);
    // A tenth less: the registry's clock began earlier than ours.
    tokens.set(key, { value: answer.token, until: clock.monotonic() + answer.seconds * 900 });
    return { kind: 'value', value: `Bearer ${answer.token}` };
  };

  return {
    covers: (url) => url.origin === base.origin,
    async authorization(need) {
      if (basic !== undefined) return { kind: 'value', value: basic };
      const challenge = asked.get(keyOf(need));
      return challenge === undefined ? { kind: 'value', value: undefined } : bearer(need, challenge);
    },
    async renewed(need, header, sent) {
      const challenges = parseChallenges(header);
      const wanted = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
      if (wanted !== undefined) {
        const key = scopesOf(need, wanted, reference).join(' ');
        const same = sent !== undefined && sent === `Bearer ${tokens.get(key)?.value}`;
        if (same && wanted.parameters.get('error') === 'insufficient_scope') return undefined;
        if (same) tokens.delete(key);
        asked.set(keyOf(need), wanted);
        return bearer(need, wanted);
      }
      if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
      const who = await credential();
      if (who?.kind !== 'password') return undefined;
      const value = `Basic ${basicOf(who)}`;
      if (value === sent) return undefined;
      basic = value;
      return { kind: 'value', value };
    },
    refusal: (what, status) => refusalOf(reference, what, { status, who: known ?? null }),
    redact: (text) => createRedactor([...(known ? secretsOf(known) : []), ...given])(text),
  };
}

/** Loaded only once a registry asks. */
async function found(registry: string, places: CredentialPlaces | undefined): Promise<Credential | null> {
  if (places === undefined) return null;
  const { findCredential } = await import('./find-credential.ts');
  return findCredential(registry, places);
}

function keyOf({ access, from }: Need): string {
  return `${access} ${from ?? ''}`;
}

/**
 * Ours comes first: some registries look at no other, and what they name as an example is not always ours. What they add for
 * other repositories (behind another name, or to mount from) follows.
 */
function scopesOf({ access, from }: Need, { parameters }: Challenge, { repository }: Reference): readonly string[] {
  const ours = `repository:${repository}:`;
  const said = parameters.get('scope')?.split(' ') ?? [];
  return [
    ...new Set([
      `${ours}${access === 'read' ? 'pull' : 'pull,push'}`,
      ...said.filter((scope) => scope !== '' && !scope.startsWith(ours)),
      ...(from === null ? [] : [`repository:${from}:pull`]),
    ]),
  ];
}

interface Refused {
  readonly status: number;
  readonly who: Credential | null;
}

function refusalOf(reference: Reference, what: string, { status, who }: Refused): Error {
  const host = reference.registry;
  if (who === null) {
    return ociFault({
      code: 'registry/unauthorized',
      message: `${what} was refused (${status}): ${host} asks who we are, and there is no credential for it here.`,
      hint: `Set SLIPWAY_REGISTRY_USER and SLIPWAY_REGISTRY_PASSWORD, or run \`docker login ${host}\`.`,
    });
  }
  const name = `${who.kind === 'password' ? `"${printable(who.user, 100)}"` : 'the identity token'} (from ${printable(who.source)})`;
  return ociFault({
    code: 'registry/unauthorized',
    message:
      status === 403
        ? `${what} was refused (403): ${name} has not the right to do this in ${repositoryName(reference)}.`
        : `${what} was refused (${status}): ${host} does not accept ${name}, or not for ${repositoryName(reference)}.`,
    hint:
      who.source === 'SLIPWAY_REGISTRY_USER'
        ? 'Check SLIPWAY_REGISTRY_USER and SLIPWAY_REGISTRY_PASSWORD, and that this user may push there.'
        : `Run \`docker login ${host}\` anew, and check that this user may push there.`,
  });
}

function insecure({ registry }: Reference): Error {
  return ociFault({
    code: 'registry/insecure',
    message: `${registry} wants us to sign in over plain HTTP, where everybody could read the password.`,
    hint: 'Reach the registry by HTTPS.',
  });
}
