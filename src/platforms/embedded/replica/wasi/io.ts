/**
 * `wasi:io` in memory: errors, pollables, streams. Everything is ready at once but timers, since a request body is there as
 * a whole before the guest runs, and what it writes is kept until it returns.
 */

import type { Clock } from '../../../../kernel/clock.ts';
import { Refusal, Trap } from './trap.ts';

/** `wasi:io/error`; `http` is the case of `wasi:http/types.error-code` that it stands for. */
export class IoError {
  readonly message: string;
  readonly http: unknown;

  constructor(message: string, http?: unknown) {
    this.message = message;
    this.http = http;
  }

  toDebugString(): string {
    return this.message;
  }
}

const sleepingPlace = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread: a guest that waits can't give it to another, and its watchdog runs in a thread of its own. */
function sleep(milliseconds: number): void {
  if (milliseconds > 0) Atomics.wait(sleepingPlace, 0, 0, milliseconds);
}

/** `wasi:io/poll.pollable`: ready from a monotonic time on. Without a clock it is ready always. */
export class Pollable {
  readonly #clock: Clock | undefined;
  readonly #due: number;

  constructor(clock?: Clock, due = 0) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Milliseconds until it is ready, 0 or less when it is. */
  left(): number {
    return this.#clock === undefined ? 0 : this.#due - this.#clock.monotonic();
  }

  ready(): boolean {
    return this.left() <= 0;
  }

  block(): void {
    // A sleep may end a little early by the clock that `ready` reads.
    for (let left = this.left(); left > 0; left = this.left()) sleep(left);
  }
}

/** One for all that never waits. */
export const ALWAYS_READY = new Pollable();

/** Indices of the ready ones, at least one. */
export function poll(pollables: readonly Pollable[]): Uint32Array {
  if (pollables.length === 0) throw new Trap('poll was called with nothing to wait for');
  for (;;) {
    const left = pollables.map((pollable) => pollable.left());
    const ready = left.flatMap((milliseconds, index) => (milliseconds <= 0 ? [index] : []));
    if (ready.length > 0) return Uint32Array.from(ready);
    sleep(Math.min(...left));
  }
}

const CLOSED = { tag: 'closed' };

/** `wasi:io/streams.input-stream` over bytes that are all there. */
export class InputStream {
  readonly #bytes: Uint8Array;
  #position = 0;
  readonly #onDrop: (() => void) | undefined;

  constructor(bytes: Uint8Array, onDrop?: () => void) {
    this.#bytes = bytes;
    this.#onDrop = onDrop;
  }

  read(length: bigint): Uint8Array {
    const left = this.#bytes.length - this.#position;
    if (left === 0) throw new Refusal(CLOSED);
    const taken = length < BigInt(left) ? Number(length) : left;
    this.#position += taken;
    return this.#bytes.subarray(this.#position - taken, this.#position);
  }

  blockingRead(length: bigint): Uint8Array {
    return this.read(length);
  }

  skip(length: bigint): bigint {
    return BigInt(this.read(length).length);
  }

  blockingSkip(length: bigint): bigint {
    return this.skip(length);
  }

  subscribe(): Pollable {
    return ALWAYS_READY;
  }

  [Symbol.dispose](): void {
    this.#onDrop?.();
  }
}

/** Where an output stream's bytes go. Both may throw a `Refusal` with a stream error. */
export interface Sink {
  /** How many bytes it takes now, at least one. */
  room(): number;
  /** Keeps the array: nobody else writes to it. */
  write(bytes: Uint8Array): void;
}

/** The most that a `blocking-write-and-flush` may bring (wasi:io/streams). */
const BLOCKING_WRITE = 4096;

/** `wasi:io/streams.output-stream`. */
export class OutputStream {
  readonly #sink: Sink;
  readonly #onDrop: (() => void) | undefined;
  /** What the last `check-write` allowed and has not been used. */
  #permit = 0;

  constructor(sink: Sink, onDrop?: () => void) {
    this.#sink = sink;
    this.#onDrop = onDrop;
  }

  checkWrite(): bigint {
    this.#permit = this.#sink.room();
    return BigInt(this.#permit);
  }

  write(contents: Uint8Array): void {
    if (contents.length > this.#permit) throw new Trap('more was written than check-write allowed');
    this.#permit -= contents.length;
    this.#sink.write(contents);
  }

  blockingWriteAndFlush(contents: Uint8Array): void {
    if (contents.length > BLOCKING_WRITE) throw new Trap(`more than ${BLOCKING_WRITE} bytes in one blocking write`);
    for (let at = 0; at < contents.length;) {
      const piece = contents.subarray(at, at + this.#sink.room());
      this.#sink.write(piece);
      at += piece.length;
    }
  }

  flush(): void {}

  blockingFlush(): void {}

  subscribe(): Pollable {
    return ALWAYS_READY;
  }

  writeZeroes(length: bigint): void {
    if (length > BigInt(this.#permit)) throw new Trap('more was written than check-write allowed');
    this.write(new Uint8Array(Number(length)));
  }

  blockingWriteZeroesAndFlush(length: bigint): void {
    if (length > BigInt(BLOCKING_WRITE)) throw new Trap(`more than ${BLOCKING_WRITE} bytes in one blocking write`);
    this.blockingWriteAndFlush(new Uint8Array(Number(length)));
  }

  splice(source: InputStream, length: bigint): bigint {
    const room = this.checkWrite();
    const piece = source.read(length < room ? length : room);
    this.write(piece);
    return BigInt(piece.length);
  }

  blockingSplice(source: InputStream, length: bigint): bigint {
    return this.splice(source, length);
  }

  [Symbol.dispose](): void {
    this.#onDrop?.();
  }
}
