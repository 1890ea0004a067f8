/** Where a gate's requests go. */

import { systemCodeOf } from '../kernel/fault.ts';

export interface Connection {
  /** `http://127.0.0.1:7878`: what is connected to. */
  readonly origin: string;
  /** The `Host` that says which release is meant. */
  readonly host: string;
}

/**
 * Names below `localhost` are this machine (RFC 6761), but not every resolver knows that: such a name is only said in
 * `Host`. Any other address is left to the resolver.
 */
export function connectionTo(address: string): Connection {
  const url = new URL(address);
  const { host } = url;
  if (url.hostname === 'localhost' || url.hostname.endsWith('.localhost')) url.hostname = '127.0.0.1';
  return { origin: url.origin, host };
}

/** Whether it is the way to the release that is missing, so that nothing is known about the release. */
export function isUnreachable(error: unknown): boolean {
  return UNREACHABLE.has(systemCodeOf(error) ?? '');
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
