/**
 * Copies of users' requests for a candidate whose answers nobody sees. A copy starts after the request that it is made of
 * was sent on, never holds it up, and is dropped rather than queued. Only requests that may be done twice are copied
 * (facts/rollouts.md, trap T29), and `slipway-mirror: 1` tells the service.
 */

import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import type { Clock } from '../../../kernel/clock.ts';
import type { Choice, LiveEnvironment } from './environment-routes.ts';
import { hasBody, headersForReplica, MIRROR_HEADER } from './message-headers.ts';
import { leave, type ReplicaLink } from './replica-link.ts';
import { GRACE, outcomeOf, wasRefused, wasUnread } from './replica-reply.ts';
import type { RequestLog } from './request-log.ts';
import { connectionTo } from './routing-table.ts';
import type { RequestOutcome } from './tally.ts';

export interface Original {
  readonly environment: LiveEnvironment;
  readonly request: IncomingMessage;
  readonly identifier: string;
  readonly choice: Choice;
}

/** Copies a request when that is wanted. The returned function ends the copy because the user has gone away. */
export type Mirror = (original: Original) => () => void;

export interface MirrorOptions {
  readonly clock: Clock;
  readonly log: RequestLog;
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const nothing = (): void => undefined;

export function createMirror({ clock, log }: MirrorOptions): Mirror {
  return (original) => {
    const { environment, request, choice } = original;
    if (!SAFE.has(request.method ?? '') || hasBody(request)) return nothing;
    const link = environment.copyTo(choice, clock.monotonic());
    if (link === null) return nothing;
    let began = clock.monotonic();
    return copy(original, link, {
      started: () => (began = clock.monotonic()),
      overdue: () => clock.monotonic() - began >= environment.requestLimit(),
      ended(outcome, status) {
        const now = clock.monotonic();
        const milliseconds = now - began;
        environment.count({ link, source: 'mirror', bucket: choice.bucket, outcome, milliseconds }, now);
        log.write(environment.key, {
          at: clock.wall(),
          id: original.identifier,
          method: request.method ?? '',
          path: request.url ?? '',
          status,
          release: link.release,
          replica: link.id,
          ms: Math.round(milliseconds * 100) / 100,
          outcome,
          source: 'mirror',
        });
      },
    });
  };
}

interface CopyEvents {
  started(): void;
  overdue(): boolean;
  /** Called once, unless it was dropped. */
  ended(outcome: RequestOutcome, status: number | null): void;
}

function copy({ environment, request, identifier }: Original, link: ReplicaLink, events: CopyEvents): () => void {
  const { copies } = environment;
  let over = false;
  let upstream: ClientRequest | null = null;

  const finish = (): boolean => {
    if (over) return false;
    over = true;
    clearImmediate(starting);
    clearTimeout(timer);
    copies.inFlight -= 1;
    leave(link);
    return true;
  };
  const conclude = (outcome: RequestOutcome, status: number | null): void => {
    if (!finish()) return;
    events.ended(outcome, status);
    if (status === null) upstream?.destroy();
  };
  const start = (): void => {
    events.started();
    upstream = startRequest({
      ...connectionTo(link.socket ?? ''),
      agent: link.agent,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: [...headersForReplica(request, identifier), MIRROR_HEADER, '1'],
    });
    upstream.on('error', (error) => {
      // It has not seen the copy, so nothing can be said about it.
      if (!wasRefused(error) && !wasUnread(error, link.socket))
        return conclude(events.overdue() ? 'timeout' : 'error', null);
      if (finish()) copies.dropped += 1;
    });
    upstream.on('response', (answer) => {
      answer.on('error', nothing);
      answer.on('end', () =>
        conclude(
          outcomeOf(answer, () => events.overdue()),
          answer.statusCode ?? null,
        ),
      );
      answer.on('close', () => conclude(events.overdue() ? 'timeout' : 'error', null));
      answer.resume();
    });
    upstream.end();
  };

  copies.inFlight += 1;
  link.inFlight += 1;
  const starting = setImmediate(start);
  const timer = setTimeout(() => {
    link.suspect = true;
    conclude('timeout', null);
  }, environment.requestLimit() + GRACE);
  return () => conclude('client-gone', null);
}
