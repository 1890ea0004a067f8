/**
 * Requests that a service would send. None is let out yet: there are no grants to say where to. A guest may build one, and is
 * told in its own terms that it is denied.
 */

import { OutgoingBody } from './http-bodies.ts';
import type { Fields } from './http-fields.ts';
import { declaredLength, type Variant } from './http-messages.ts';
import { Refusal, Trap } from './trap.ts';

export class OutgoingRequest {
  readonly #headers: Fields;
  #method: Variant = { tag: 'get' };
  #path: string | undefined;
  #scheme: Variant | undefined;
  #authority: string | undefined;
  #body: OutgoingBody | undefined;

  constructor(headers: Fields) {
    this.#headers = headers;
  }

  body(): OutgoingBody {
    if (this.#body !== undefined) throw new Refusal(undefined);
    this.#body = new OutgoingBody(declaredLength(this.#headers));
    return this.#body;
  }

  method(): Variant {
    return this.#method;
  }

  setMethod(method: Variant): void {
    this.#method = method;
  }

  pathWithQuery(): string | undefined {
    return this.#path;
  }

  setPathWithQuery(path: string | undefined): void {
    this.#path = path;
  }

  scheme(): Variant | undefined {
    return this.#scheme;
  }

  setScheme(scheme: Variant | undefined): void {
    this.#scheme = scheme;
  }

  authority(): string | undefined {
    return this.#authority;
  }

  setAuthority(authority: string | undefined): void {
    this.#authority = authority;
  }

  headers(): Fields {
    return this.#headers.frozen();
  }
}

export class RequestOptions {
  #connect: bigint | undefined;
  #firstByte: bigint | undefined;
  #betweenBytes: bigint | undefined;

  connectTimeout(): bigint | undefined {
    return this.#connect;
  }

  setConnectTimeout(duration: bigint | undefined): void {
    this.#connect = duration;
  }

  firstByteTimeout(): bigint | undefined {
    return this.#firstByte;
  }

  setFirstByteTimeout(duration: bigint | undefined): void {
    this.#firstByte = duration;
  }

  betweenBytesTimeout(): bigint | undefined {
    return this.#betweenBytes;
  }

  setBetweenBytesTimeout(duration: bigint | undefined): void {
    this.#betweenBytes = duration;
  }
}

/** Never made: no request is sent, so no guest can hold one. */
export class FutureIncomingResponse {
  subscribe(): never {
    throw new Trap('there is no response to wait for');
  }

  get(): never {
    throw new Trap('there is no response to wait for');
  }
}

/** Never made, for the same reason. */
export class IncomingResponse {
  status(): never {
    throw new Trap('there is no response');
  }

  headers(): never {
    throw new Trap('there is no response');
  }

  consume(): never {
    throw new Trap('there is no response');
  }
}

/** `wasi:http/outgoing-handler.handle`. */
export function denyRequest(): never {
  throw new Refusal({ tag: 'HTTP-request-denied' });
}
