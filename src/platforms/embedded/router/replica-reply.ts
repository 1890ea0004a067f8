/** What a replica's answer, or the end of its connection without one, says about a request. */

import type { IncomingMessage } from 'node:http';
import { systemCodeOf } from '../../../kernel/fault.ts';
import type { RequestOutcome } from './tally.ts';

/** A replica ends itself when a request is overdue; the router steps in when it does not, this much later. */
export const GRACE = 500;

/** Of a whole answer. */
export function outcomeOf({ statusCode, headers }: IncomingMessage): RequestOutcome {
  const told = headers['x-slipway-outcome'];
  if (told === 'trap' || told === 'out-of-memory' || told === 'timeout') return told;
  return (statusCode ?? 502) >= 500 ? 'error' : 'ok';
}

/** No connection came about: no such socket, nobody listens, or its queue is full. */
export function wasRefused(error: Error): boolean {
  const code = systemCodeOf(error);
  return code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EAGAIN';
}

/**
 * The connection ended before the replica had read the request: a Linux unix socket that is closed with unread bytes
 * gives `ECONNRESET`, one that was closed before gives `EPIPE`; one that was read gives an end of file ("socket hang up",
 * which has no `syscall`).
 */
export function wasUnread(error: Error): boolean {
  const code = systemCodeOf(error);
  return 'syscall' in error && (code === 'ECONNRESET' || code === 'EPIPE');
}
