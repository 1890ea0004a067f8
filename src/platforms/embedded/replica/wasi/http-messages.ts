/** Requests and responses of `wasi:http/types` that a service sees: the request that came, the response it makes. */

import { IncomingBody, OutgoingBody } from './http-bodies.ts';
import { Fields, type FieldEntry } from './http-fields.ts';
import type { IoError } from './io.ts';
import { Refusal } from './trap.ts';

/** A WIT variant: the name of its case and what that carries. */
export interface Variant {
  readonly tag: string;
  readonly val?: unknown;
}

/** What the server knows of a request, its body read. */
export interface RequestParts {
  /** In capitals, as it came. */
  readonly method: string;
  /** Path and query, as they came. */
  readonly path: string;
  readonly authority: string | undefined;
  readonly headers: FieldEntry[];
  readonly body: Uint8Array;
  readonly trailers: FieldEntry[];
}

const METHODS: ReadonlyMap<string, Variant> = new Map(
  ['get', 'head', 'post', 'put', 'delete', 'connect', 'options', 'trace', 'patch'].map((tag) => [
    tag.toUpperCase(),
    { tag },
  ]),
);

const HTTP: Variant = { tag: 'HTTP' };

export class IncomingRequest {
  readonly #parts: RequestParts;
  #consumed = false;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  method(): Variant {
    return METHODS.get(this.#parts.method) ?? { tag: 'other', val: this.#parts.method };
  }

  pathWithQuery(): string | undefined {
    return this.#parts.path;
  }

  scheme(): Variant | undefined {
    return HTTP;
  }

  authority(): string | undefined {
    return this.#parts.authority;
  }

  headers(): Fields {
    return new Fields(this.#parts.headers, true);
  }

  consume(): IncomingBody {
    if (this.#consumed) throw new Refusal(undefined);
    this.#consumed = true;
    const { body, trailers } = this.#parts;
    return new IncomingBody(body, trailers.length === 0 ? undefined : new Fields(trailers, true));
  }
}

export class OutgoingResponse {
  readonly #headers: Fields;
  #status = 200;
  #body: OutgoingBody | undefined;

  constructor(headers: Fields) {
    this.#headers = headers;
  }

  statusCode(): number {
    return this.#status;
  }

  setStatusCode(status: number): void {
    if (status < 100 || status > 999) throw new Refusal(undefined);
    this.#status = status;
  }

  headers(): Fields {
    return this.#headers.frozen();
  }

  body(): OutgoingBody {
    if (this.#body !== undefined) throw new Refusal(undefined);
    this.#body = new OutgoingBody(declaredLength(this.#headers));
    return this.#body;
  }

  /** The body if the guest asked for it: for the host, not part of the interface. */
  takenBody(): OutgoingBody | undefined {
    return this.#body;
  }
}

/** The value of a single well-formed `content-length`; several, or another text, are refused. */
export function declaredLength(headers: Fields): number | undefined {
  const values = headers.get('content-length');
  if (values.length === 0) return undefined;
  const text = Buffer.from(values[0] ?? []).toString('latin1');
  if (values.length > 1 || !/^\d{1,15}$/.test(text)) throw new Refusal(undefined);
  return Number(text);
}

export type Outcome =
  | { readonly tag: 'ok'; readonly val: OutgoingResponse }
  | { readonly tag: 'err'; readonly val: Variant };

export class ResponseOutparam {
  /** What the guest set. */
  outcome: Outcome | undefined;

  static set(param: ResponseOutparam, outcome: Outcome): void {
    param.outcome = outcome;
  }
}

export function httpErrorCode(error: IoError): Variant | undefined {
  return error.http as Variant | undefined;
}
