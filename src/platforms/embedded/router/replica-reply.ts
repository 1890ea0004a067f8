/** What a replica's answer, or the end of its connection without one, says about a request. */

import type { IncomingMessage } from 'node:http';
import { systemCodeOf } from '../../../kernel/fault.ts';
import { isUnixSocket } from './routing-table.ts';
import type { RequestOutcome } from './tally.ts';

/** A replica ends itself when a request is overdue; the router steps in when it does not, this much later. */
export const GRACE = 500;

/** Of a whole answer. A failure that comes when the time is over is a replica's way to end what ran too long. */
export function outcomeOf({ statusCode, headers }: IncomingMessage, overdue: () => boolean): RequestOutcome {
  const told = headers['x-slipway-outcome'];
  if (told === 'trap' || told === 'out-of-memory' || told === 'timeout') return told;
  if ((statusCode ?? 502) < 500) return 'ok';
  return overdue() ? 'timeout' : 'error';
}

/** No connection came about: no such socket, nobody listens, or its queue is full. */
export function wasRefused(error: Error): boolean {
  const code = systemCodeOf(error);
  return code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EAGAIN';
}

/**
 * The connection ended before the replica had read the request: a Linux unix socket that is closed with unread bytes
 * gives `ECONNRESET`, one that was closed before gives `EPIPE`; one that was read gives an end of file ("socket hang up",
 * which has no `syscall`). TCP gives `ECONNRESET` in both cases, so nothing is known there.
 */
export function wasUnread(error: Error, socket: string | null): boolean {
  const code = systemCodeOf(error);
  return socket !== null && isUnixSocket(socket) && 'syscall' in error && (code === 'ECONNRESET' || code === 'EPIPE');
}
