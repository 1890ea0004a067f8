/** What the API server says when it refuses: the object `Status` (meta/v1), read from an answer as far as it is there. */

import { fieldOf, listOf, textOf } from '../fields.ts';

export interface Status {
  readonly code: number;
  /** `Forbidden`, `Conflict`, `Invalid`, …; empty when the answer is none of the API's own. */
  readonly reason: string;
  readonly message: string;
  /** Kind in the plural (`pods`) and name of what it is about. */
  readonly kind: string;
  readonly name: string;
  readonly causes: readonly Cause[];
  /** What the server asks us to wait before we come again, in milliseconds; `null`: it says nothing. */
  readonly retryAfter: number | null;
}

interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** `retryAfter`: what the head of the answer says about it. */
export function readStatus(code: number, body: string, retryAfter: number | null): Status {
  const parsed = parsedOrNull(body);
  if (textOf(parsed, 'kind') !== 'Status') {
    return { code, reason: '', message: body.trim().slice(0, 300), kind: '', name: '', causes: [], retryAfter };
  }
  const status = statusOf(parsed, code);
  return { ...status, retryAfter: retryAfter ?? status.retryAfter };
}

/** From an object that is one already: what a watch sends in its stream. */
export function statusOf(object: unknown, code = 500): Status {
  const own = fieldOf(object, 'code');
  const wait = fieldOf(object, 'details', 'retryAfterSeconds');
  return {
    code: typeof own === 'number' ? own : code,
    reason: textOf(object, 'reason'),
    message: textOf(object, 'message'),
    kind: textOf(object, 'details', 'kind'),
    name: textOf(object, 'details', 'name'),
    causes: listOf(object, 'details', 'causes').map((cause) => ({
      reason: textOf(cause, 'reason'),
      message: textOf(cause, 'message'),
      field: textOf(cause, 'field'),
    })),
    retryAfter: typeof wait === 'number' ? wait * 1000 : null,
  };
}

/** Fields that the kind does not have: for server-side apply the server calls that an error of its own. */
export function isMisspelt({ code, message }: Status): boolean {
  return code === 500 && /failed to create typed patch object/.test(message);
}

function parsedOrNull(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
