/** What a service can be asked and what comes of it, whichever form its module has. */

import { messageOf } from '../../../kernel/fault.ts';
import type { FieldEntry, Fields } from './wasi/http-fields.ts';
import type { RequestParts } from './wasi/http-messages.ts';

export interface Service {
  /** Runs the service on one request. Blocks until it has returned. */
  answer(request: RequestParts): ServiceAnswer;
  /** Bytes of memory that it has now, or had at the last request. */
  memory(): number;
}

export type ServiceAnswer = GivenAnswer | FailedAnswer;

export interface GivenAnswer {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: readonly FieldEntry[];
  readonly body: AnswerBody | undefined;
}

export interface AnswerBody {
  readonly size: number;
  readonly trailers: Fields | undefined;
  /** What was written, in order. */
  chunks(): readonly Uint8Array[];
}

/** `error`: it gave no answer, or one that can't be sent. After the others it has been instantiated afresh. */
export interface FailedAnswer {
  readonly kind: 'failed';
  readonly why: 'error' | 'trap' | 'out-of-memory';
  /** What the client gets. */
  readonly status: 500 | 502;
  readonly text: string;
}

const PAGE = 65_536;

/** What Rust's standard library says on its standard error when its allocator gets no memory. */
const ALLOCATION_FAILED = 'memory allocation of ';

/** Whether a line of its standard error tells that its allocator got no memory. */
export function tellsOfMemory(line: string): boolean {
  return line.startsWith(ALLOCATION_FAILED);
}

export interface Ending {
  /** What was thrown out of the guest. */
  readonly error: unknown;
  /** It has said that it got no memory. */
  readonly allocationFailed: boolean;
  /** Bytes that it had at the end, and may have. */
  readonly memory: number;
  readonly bound: number;
}

/** A request during which the guest was ended. */
export function trapped({ error, allocationFailed, memory, bound }: Ending): FailedAnswer {
  if (allocationFailed || memory > bound - 16 * PAGE) {
    const text = `The service wanted more than its ${bound} bytes of memory.`;
    return { kind: 'failed', why: 'out-of-memory', status: 500, text };
  }
  const stackIsFull = error instanceof RangeError && /call stack/.test(error.message);
  const text = `The service trapped: ${stackIsFull ? 'its stack is full' : messageOf(error)}.`;
  return { kind: 'failed', why: 'trap', status: 500, text };
}

export function pagesIn(bytes: number): number {
  return Math.floor(bytes / PAGE);
}
