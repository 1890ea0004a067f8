/**
 * One request on its way through the router: to a replica and back, streamed in both directions, bounded in time,
 * counted once. A request goes to a second replica only when the first has not seen it, and never to another release
 * (facts/rollouts.md, trap T25).
 */

import { type ClientRequest, type IncomingMessage, request as startRequest, type ServerResponse } from 'node:http';
import type { Clock } from '../../../kernel/clock.ts';
import type { Choice, LiveEnvironment } from './environment-routes.ts';
import { hasBody, headersForClient, headersForReplica, requestIdentifier } from './message-headers.ts';
import type { Mirror } from './mirror.ts';
import { say } from './own-answer.ts';
import { leave, type ReplicaLink } from './replica-link.ts';
import { GRACE, outcomeOf, wasRefused, wasUnread } from './replica-reply.ts';
import type { RequestLog } from './request-log.ts';
import { connectionTo } from './routing-table.ts';
import type { RequestOutcome } from './tally.ts';

/** How long a replica that refused a connection is tried last. */
const AVOID = 250;

export interface ExchangeOptions {
  readonly clock: Clock;
  readonly log: RequestLog;
  readonly mirror: Mirror;
}

/** What the host of a request stands for. */
export interface Destination {
  readonly environment: LiveEnvironment;
  /** This release alone, which the table names; `null`: as the split says. */
  readonly release: number | null;
}

export type Exchange = (destination: Destination, request: IncomingMessage, response: ServerResponse) => void;

export function createExchange({ clock, log, mirror }: ExchangeOptions): Exchange {
  return ({ environment, release: asked }, request, response) => {
    const began = clock.monotonic();
    const identifier = requestIdentifier(request);
    const choice = asked === null ? environment.choose(request.headers, began) : environment.direct(asked, began);
    const record = (release: number | null, link: ReplicaLink | null, ended: Ended): void =>
      log.write(environment.key, {
        at: clock.wall(),
        id: identifier,
        method: request.method ?? '',
        path: request.url ?? '',
        status: ended.status,
        release,
        replica: link?.id ?? null,
        ms: Math.round((clock.monotonic() - began) * 100) / 100,
        outcome: ended.outcome,
        ...(choice?.fallback === true ? { fallback: true } : {}),
        ...(choice === null || choice.source === 'split' ? {} : { source: choice.source }),
      });
    if (choice === null) {
      say(response, { status: 503, identifier, text: `${environment.key} has no release that takes requests now.\n` });
      record(null, null, { status: 503, outcome: 'unavailable' });
      return;
    }
    let endCopy = (): void => undefined;
    carry({
      overdue: () => clock.monotonic() - began >= environment.requestLimit(),
      environment,
      request,
      response,
      identifier,
      choice,
      clock,
      ended(link, ended) {
        const now = clock.monotonic();
        const { source, bucket } = choice;
        environment.count({ link, source, bucket, outcome: ended.outcome, milliseconds: now - began }, now);
        record(choice.release, link, ended);
        if (ended.outcome === 'client-gone') endCopy();
      },
    });
    endCopy = mirror({ environment, request, identifier, choice });
  };
}

interface Ended {
  readonly status: number | null;
  readonly outcome: RequestOutcome;
}

interface Carriage {
  readonly environment: LiveEnvironment;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly identifier: string;
  readonly choice: Choice;
  readonly clock: Clock;
  /** Whether it has taken longer than a request may: then a replica that is gone has ended itself for that. */
  readonly overdue: () => boolean;
  /** Called exactly once. */
  ended(link: ReplicaLink, ended: Ended): void;
}

function carry(carriage: Carriage): void {
  const { environment, request, response, identifier, choice, clock } = carriage;
  const { release } = choice;
  const tried = new Set<ReplicaLink>();
  const withBody = hasBody(request);
  let link = choice.link;
  let bodyStarted = false;
  let over = false;
  let upstream: ClientRequest | null = null;
  let answer: IncomingMessage | null = null;

  const conclude = (outcome: RequestOutcome, status: number | null): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    leave(link);
    carriage.ended(link, { outcome, status });
  };
  /** Ends it with an answer of our own, or by closing when a part of another one has been sent. */
  const refuse = (status: number, outcome: RequestOutcome, text: string): void => {
    const sent = response.headersSent;
    conclude(outcome, sent ? null : status);
    if (sent) response.destroy();
    else say(response, { status, identifier, release, text });
    upstream?.destroy();
  };
  const tooLate = (): void =>
    refuse(504, 'timeout', `Release #${release} did not answer within ${environment.requestLimit()} ms.\n`);
  const giveUp = (): void => {
    const uploading = withBody && !request.complete;
    const notReading = answer?.complete === true || (answer !== null && response.writableNeedDrain);
    if (uploading || notReading) return refuse(408, 'client-slow', 'The request was not sent in time.\n');
    link.suspect = true;
    tooLate();
  };
  const timer = setTimeout(giveUp, environment.requestLimit() + GRACE);

  const attempt = (): void => {
    if (link.socket === null)
      return refuse(503, 'unavailable', `Release #${release} has no replica that serves now.\n`);
    const current = startRequest({
      ...connectionTo(link.socket),
      agent: link.agent,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: headersForReplica(request, identifier),
    });
    upstream = current;
    current.on('error', (error) => {
      if (!over && upstream === current) failed(error);
    });
    current.on('response', (incoming) => {
      answer = incoming;
      if (over) incoming.destroy();
      else deliver(incoming, { ...carriage, release, conclude });
    });
    if (!withBody) return void current.end();
    // The body can be read only once, so it waits for a replica that has accepted the connection.
    const send = (): void => {
      bodyStarted = true;
      request.pipe(current);
    };
    current.on('socket', (socket) => (socket.connecting ? socket.once('connect', send) : send()));
  };
  const failed = (error: Error): void => {
    if (answer !== null) return refuse(502, 'error', '');
    const refused = wasRefused(error);
    if (!refused && (bodyStarted || !wasUnread(error, link.socket))) {
      if (carriage.overdue()) return tooLate();
      return refuse(502, 'error', `Release #${release} ended the connection without an answer.\n`);
    }
    if (refused) link.avoidUntil = clock.monotonic() + AVOID;
    tried.add(link);
    const next = environment.another(release, tried, clock.monotonic());
    if (next === null)
      return refuse(503, 'unavailable', `No replica of release #${release} accepts connections now.\n`);
    leave(link);
    link = next;
    link.inFlight += 1;
    attempt();
  };

  request.on('error', () => undefined);
  response.on('close', () => {
    if (over) return;
    conclude('client-gone', null);
    upstream?.destroy();
  });
  link.inFlight += 1;
  attempt();
}

interface Delivery extends Carriage {
  readonly release: number;
  readonly conclude: (outcome: RequestOutcome, status: number | null) => void;
}

/** Passes a replica's answer on. */
function deliver(incoming: IncomingMessage, delivery: Delivery): void {
  const { response, identifier, release, conclude, overdue } = delivery;
  const { cookie } = delivery.choice;
  const status = incoming.statusCode ?? 502;
  const outcome = outcomeOf(incoming, overdue);
  response.on('finish', () => conclude(outcome, status));
  incoming.on('error', () => undefined);
  incoming.on('close', () => {
    if (incoming.complete) return;
    // A part of the answer is missing: the client must not take it for a whole one.
    conclude(overdue() ? 'timeout' : 'error', status);
    response.destroy();
  });
  response.writeHead(status, incoming.statusMessage ?? '', headersForClient(incoming, { identifier, release, cookie }));
  incoming.pipe(response);
}
