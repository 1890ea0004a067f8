/** One watch from its beginning to its end: a stream of lines, each an event. */

import type { Clock } from '../../../kernel/clock.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { linesOf } from './lines.ts';
import { type Status, statusOf } from './status.ts';
import type { Answer } from './transport.ts';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
}

export interface WatchOrder {
  open(signal: AbortSignal): Promise<Answer | { readonly status: Status }>;
  readonly clock: Clock;
  /** The server is to end it before that, in milliseconds. */
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onEvent: (event: WatchEvent) => void;
}

/** The server refuses the watch, at its beginning or in the middle of it. */
export class WatchRefused extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message);
    this.status = status;
  }
}

/**
 * `ended`: by the server, in order. `silent`: it should have ended and did not, so nobody is there any more.
 *
 * @throws WatchRefused, or an Error when the connection breaks or the signal aborts.
 */
export async function readWatch(order: WatchOrder): Promise<'ended' | 'silent'> {
  const { clock, limit, signal } = order;
  const ending = new AbortController();
  const leave = (): void => ending.abort(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  let silent = false;
  const tooLong = async (): Promise<void> => {
    await clock.sleep(limit, ending.signal);
    silent = true;
    ending.abort(new Error('the watch is over'));
  };
  tooLong().catch(() => undefined);
  try {
    const answer = await order.open(ending.signal);
    if ('status' in answer && typeof answer.status !== 'number') throw new WatchRefused(answer.status);
    if (!('stream' in answer)) throw new Error('there is nothing to read');
    order.onOpen();
    for await (const line of linesOf(answer.stream)) {
      if (line !== '') order.onEvent(eventOf(line));
    }
    ending.signal.throwIfAborted();
    return 'ended';
  } catch (error) {
    if (silent && !signal.aborted) return 'silent';
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
    ending.abort(new Error('the watch is over'));
  }
}

function eventOf(line: string): WatchEvent {
  const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: KubernetesObject };
  if (type === 'ERROR') throw new WatchRefused(statusOf(object));
  return { type: type as WatchEvent['type'], object };
}
