/** The token that a request shows: never told, but it may say itself when it has expired. */

import type { Credentials } from './kubeconfig.ts';

/** `null`: we prove who we are in another way. */
export function tokenOf({ headers }: Credentials): string | null {
  return headers['Authorization']?.replace(/^\w+ /, '') ?? null;
}

/** The day and time when a JSON Web Token has expired; `null`: it has not, or does not say. */
export function tokenExpired(token: string, now: number): string | null {
  const [, claims = ''] = token.split('.');
  try {
    const parsed: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
    const until = typeof parsed === 'object' && parsed !== null && 'exp' in parsed ? parsed.exp : null;
    if (typeof until !== 'number' || until * 1000 > now) return null;
    return new Date(until * 1000).toISOString();
  } catch {
    return null;
  }
}
