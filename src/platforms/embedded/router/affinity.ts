/** Whose request it is: the key that keeps a user at one release. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Affinity } from '../../../delivery/index.ts';
import { randomIdentifier } from '../../../kernel/random.ts';

export interface Key {
  readonly value: string;
  /** `NAME=VALUE` of the cookie that the answer should set; `null` when the client has it, or there is none. */
  readonly cookie: string | null;
}

/**
 * `null`: the request has no key and is dealt alone. Where a cookie is the key, a client without one gets a random one:
 * nothing of the release is in it, so it means nothing to the next rollout (facts/rollouts.md, trap T10).
 */
export function keyOf(affinity: Affinity, headers: IncomingHttpHeaders): Key | null {
  if (affinity.kind === 'none') return null;
  if (affinity.kind === 'header') {
    const value = headers[affinity.name.toLowerCase()];
    return typeof value === 'string' && value !== '' ? { value, cookie: null } : null;
  }
  const value = cookieIn(headers.cookie ?? '', affinity.name);
  if (value !== '') return { value, cookie: null };
  const fresh = randomIdentifier(24);
  return { value: fresh, cookie: `${affinity.name}=${fresh}` };
}

/** The first cookie of that name, '' when there is none (RFC 6265 section 4.2.1). */
function cookieIn(header: string, name: string): string {
  for (const pair of header.split(';')) {
    const sign = pair.indexOf('=');
    if (sign > 0 && pair.slice(0, sign).trim() === name) return pair.slice(sign + 1).trim();
  }
  return '';
}

/** The whole value of `set-cookie`: a session cookie for all of the host, which scripts can't read. */
export function cookieHeader(cookie: string): string {
  return `${cookie}; Path=/; SameSite=Lax; HttpOnly`;
}
