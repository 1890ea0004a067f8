/** Bodies of `wasi:http/types`: an incoming one that is all there, an outgoing one that is kept in memory, bounded. */

import type { Fields } from './http-fields.ts';
import { ALWAYS_READY, InputStream, IoError, OutputStream, type Pollable } from './io.ts';
import { Refusal, Trap } from './trap.ts';

/** A larger answer is an error of the service: it would be in memory as a whole. */
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** So many pieces are joined: each costs more than its bytes. */
const MOST_PIECES = 1024;

/** What one `check-write` allows. */
const LARGEST_WRITE = 1024 * 1024;

export class FutureTrailers {
  readonly #trailers: Fields | undefined;
  #taken = false;

  constructor(trailers: Fields | undefined) {
    this.#trailers = trailers;
  }

  subscribe(): Pollable {
    return ALWAYS_READY;
  }

  get(): unknown {
    if (this.#taken) return { tag: 'err', val: undefined };
    this.#taken = true;
    return { tag: 'ok', val: { tag: 'ok', val: this.#trailers } };
  }
}

export class IncomingBody {
  readonly #bytes: Uint8Array;
  readonly #trailers: Fields | undefined;
  #stream: 'not taken' | 'live' | 'dropped' = 'not taken';

  constructor(bytes: Uint8Array, trailers: Fields | undefined) {
    this.#bytes = bytes;
    this.#trailers = trailers;
  }

  stream(): InputStream {
    if (this.#stream !== 'not taken') throw new Refusal(undefined);
    this.#stream = 'live';
    return new InputStream(this.#bytes, () => {
      this.#stream = 'dropped';
    });
  }

  static finish(body: IncomingBody): FutureTrailers {
    if (body.#stream === 'live') throw new Trap('incoming-body.finish was called while its stream is in use');
    return new FutureTrailers(body.#trailers);
  }
}

/** Why a body is not what its head announced, as a case of `error-code`. */
function wrongSize(written: number): unknown {
  return { tag: 'HTTP-response-body-size', val: BigInt(written) };
}

export class OutgoingBody {
  /** Bytes written. */
  size = 0;
  finished = false;
  trailers: Fields | undefined;
  /** The `content-length` of the head. */
  readonly #declared: number | undefined;
  #stream: 'not taken' | 'live' | 'dropped' = 'not taken';
  readonly #joined: Uint8Array[] = [];
  #pieces: Uint8Array[] = [];

  constructor(declared: number | undefined) {
    this.#declared = declared;
  }

  /** What was written, in order. */
  chunks(): readonly Uint8Array[] {
    return [...this.#joined, ...this.#pieces];
  }

  write(): OutputStream {
    if (this.#stream !== 'not taken') throw new Refusal(undefined);
    this.#stream = 'live';
    return new OutputStream({ room: () => this.#room(), write: (bytes) => this.#keep(bytes) }, () => {
      this.#stream = 'dropped';
    });
  }

  static finish(body: OutgoingBody, trailers: Fields | undefined): void {
    if (body.#stream === 'live') throw new Trap('outgoing-body.finish was called while its stream is in use');
    if (body.#declared !== undefined && body.#declared !== body.size) throw new Refusal(wrongSize(body.size));
    body.finished = true;
    body.trailers = trailers;
  }

  #room(): number {
    const room = Math.min(LARGEST_ANSWER - this.size, LARGEST_WRITE);
    if (room === 0) this.#refuse(`an answer of more than ${LARGEST_ANSWER} bytes`);
    return room;
  }

  #keep(bytes: Uint8Array): void {
    const size = this.size + bytes.length;
    if (this.#declared !== undefined && size > this.#declared) {
      this.#refuse(`more than the ${this.#declared} bytes that content-length announced`);
    }
    this.size = size;
    if (bytes.length > 0) this.#pieces.push(bytes);
    if (this.#pieces.length < MOST_PIECES) return;
    this.#joined.push(Buffer.concat(this.#pieces));
    this.#pieces = [];
  }

  #refuse(message: string): never {
    throw new Refusal({ tag: 'last-operation-failed', val: new IoError(message, wrongSize(this.size)) });
  }
}
