import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../kernel/clock.ts';
import { IncomingBody, OutgoingBody } from './http-bodies.ts';
import { Fields } from './http-fields.ts';
import { IncomingRequest, OutgoingResponse } from './http-messages.ts';
import { OutgoingRequest } from './http-outgoing.ts';
import { type IoError, InputStream, OutputStream, poll, Pollable } from './io.ts';
import { Refusal, ServiceExit, Trap } from './trap.ts';
import { createWorld } from './world.ts';

/** The payload of the error value that the call gives its guest. */
function refusal(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    if (error instanceof Refusal) return error.payload;
    throw error;
  }
  throw new Error('it was not refused');
}

const some = (text: string) => new Uint8Array(Buffer.from(text));

describe('fields', () => {
  test('are found by name in any case and keep order and repetition', () => {
    const fields = Fields.fromList([
      ['X-One', some('1')],
      ['x-two', some('2')],
      ['x-ONE', some('3')],
    ]);
    expect(fields.get('x-One')).toEqual([some('1'), some('3')]);
    expect(fields.has('X-TWO')).toBe(true);
    expect(fields.entries().map(([name]) => name)).toEqual(['x-one', 'x-two', 'x-one']);
    fields.set('x-one', [some('4')]);
    fields.delete('X-two');
    expect(fields.entries()).toEqual([['x-one', some('4')]]);
  });

  test('with a name or a value that HTTP forbids are refused', () => {
    const fields = new Fields();
    for (const name of ['', 'a b', 'ä', 'a:', 'a\n']) {
      expect(refusal(() => fields.append(name, some('x')))).toEqual({ tag: 'invalid-syntax' });
    }
    for (const value of ['a\rb', 'a\nb', '\0', '\u007f']) {
      expect(refusal(() => fields.set('a', [some(value)]))).toEqual({ tag: 'invalid-syntax' });
    }
    for (const name of ['Connection', 'transfer-encoding', 'HOST', 'upgrade', 'keep-alive']) {
      expect(refusal(() => fields.append(name, some('x')))).toEqual({ tag: 'forbidden' });
      expect(refusal(() => fields.delete(name))).toEqual({ tag: 'forbidden' });
      expect(refusal(() => Fields.fromList([[name, some('x')]]))).toEqual({ tag: 'forbidden' });
    }
    fields.append('a', some('tab\tand \u00ff'));
    expect(fields.entries()).toHaveLength(1);
  });

  test('of a message are not changed, a clone of them is', () => {
    const response = new OutgoingResponse(Fields.fromList([['a', some('1')]]));
    const frozen = response.headers();
    expect(refusal(() => frozen.append('b', some('2')))).toEqual({ tag: 'immutable' });
    const clone = frozen.clone();
    clone.append('b', some('2'));
    expect([frozen.entries().length, clone.entries().length]).toEqual([1, 2]);
  });

  test('without end are stopped', () => {
    const fields = new Fields();
    const endless = () => {
      for (let count = 0; count < 10_000; count += 1) fields.append('a', some('1'));
    };
    expect(endless).toThrow(Trap);
  });
});

describe('streams', () => {
  test('give what is there in pieces, then say that they are closed', () => {
    const stream = new InputStream(some('abcdef'));
    expect(Buffer.from(stream.read(4n)).toString()).toBe('abcd');
    expect(stream.read(0n)).toHaveLength(0);
    expect(stream.skip(1n)).toBe(1n);
    expect(Buffer.from(stream.blockingRead(2n ** 63n)).toString()).toBe('f');
    expect(refusal(() => stream.read(1n))).toEqual({ tag: 'closed' });
  });

  test('take no more than they allowed', () => {
    const taken: Uint8Array[] = [];
    const stream = new OutputStream({ room: () => 3, write: (bytes) => taken.push(bytes) });
    expect(() => stream.write(some('a'))).toThrow(Trap);
    expect(stream.checkWrite()).toBe(3n);
    stream.write(some('ab'));
    expect(() => stream.write(some('cd'))).toThrow(Trap);
    stream.blockingWriteAndFlush(some('cdefgh'));
    expect(stream.splice(new InputStream(some('12345')), 100n)).toBe(3n);
    stream.checkWrite();
    stream.writeZeroes(2n);
    expect(Buffer.concat(taken).toString()).toBe('abcdefgh123\0\0');
    expect(() => stream.blockingWriteAndFlush(new Uint8Array(4097))).toThrow(Trap);
    expect(() => stream.blockingWriteZeroesAndFlush(2n ** 40n)).toThrow(Trap);
  });
});

describe('pollables', () => {
  test('of a time become ready at that time, not before', () => {
    const began = performance.now();
    const [soon, late] = [new Pollable(systemClock, systemClock.monotonic() + 30), new Pollable(systemClock, Infinity)];
    expect([soon.ready(), late.ready()]).toEqual([false, false]);
    expect([...poll([late, soon])]).toEqual([1]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(29);
    soon.block();
    expect([...poll([new Pollable(), late, soon])]).toEqual([0, 2]);
  });

  test('of which there is none end the guest', () => {
    expect(() => poll([])).toThrow(Trap);
  });
});

describe('bodies', () => {
  test('must be as long as their head said', () => {
    const body = new OutgoingResponse(Fields.fromList([['content-length', some('3')]])).body();
    const stream = body.write();
    stream.checkWrite();
    stream.write(some('ab'));
    const error = refusal(() => stream.write(some('cd'))) as { tag: string; val: IoError };
    expect(error.tag).toBe('last-operation-failed');
    expect(error.val.toDebugString()).toContain('content-length');
    stream[Symbol.dispose]();
    expect(refusal(() => OutgoingBody.finish(body, undefined))).toEqual({ tag: 'HTTP-response-body-size', val: 2n });
    expect(body.finished).toBe(false);
  });

  test('of many small pieces come out whole', () => {
    const body = new OutgoingBody(undefined);
    const stream = body.write();
    const pieces = Array.from({ length: 5000 }, (_, index) => `${index},`);
    for (const piece of pieces) stream.blockingWriteAndFlush(some(piece));
    stream[Symbol.dispose]();
    OutgoingBody.finish(body, undefined);
    expect(Buffer.concat(body.chunks()).toString()).toBe(pieces.join(''));
    expect(body.chunks().length).toBeLessThan(1030);
    expect(body.finished).toBe(true);
  });

  test('are not finished while their stream is in use, and have one stream only', () => {
    const body = new OutgoingBody(undefined);
    const stream = body.write();
    expect(() => OutgoingBody.finish(body, undefined)).toThrow(Trap);
    expect(refusal(() => body.write())).toBeUndefined();
    stream[Symbol.dispose]();
    OutgoingBody.finish(body, undefined);

    const incoming = new IncomingBody(some('x'), undefined);
    const source = incoming.stream();
    expect(() => IncomingBody.finish(incoming)).toThrow(Trap);
    source[Symbol.dispose]();
    const trailers = IncomingBody.finish(incoming);
    expect(trailers.get()).toEqual({ tag: 'ok', val: { tag: 'ok', val: undefined } });
    expect(trailers.get()).toEqual({ tag: 'err', val: undefined });
  });

  test('of a request are taken once', () => {
    const parts = { method: 'QUERY', path: '/', authority: undefined, headers: [], body: some('x'), trailers: [] };
    const request = new IncomingRequest(parts);
    request.consume();
    expect(refusal(() => request.consume())).toBeUndefined();
    expect(request.method()).toEqual({ tag: 'other', val: 'QUERY' });
  });

  test('with a length that is no number are refused', () => {
    for (const lengths of [['x'], ['-1'], ['1', '1']]) {
      const fields = Fields.fromList(lengths.map((value) => ['content-length', some(value)]));
      expect(refusal(() => new OutgoingResponse(fields).body())).toBeUndefined();
    }
  });
});

describe('the world of a service', () => {
  const sink = { room: () => 1, write: () => undefined };
  const world = createWorld({ clock: systemClock, environment: { A: '1' }, stdout: sink, stderr: sink });

  test('has its environment, no arguments, no directory and no terminal', () => {
    expect(world['wasi:cli/environment'].getEnvironment()).toEqual([['A', '1']]);
    expect(world['wasi:cli/environment'].getArguments()).toEqual([]);
    expect(world['wasi:filesystem/preopens'].getDirectories()).toEqual([]);
    expect(world['wasi:cli/terminal-stdout'].getTerminalStdout()).toBeUndefined();
    expect(Object.keys(world).filter((name) => name.startsWith('wasi:sockets'))).toEqual([]);
  });

  test('tells the time and gives random bytes', () => {
    const { seconds, nanoseconds } = world['wasi:clocks/wall-clock'].now();
    expect(Math.abs(Number(seconds) * 1000 + nanoseconds / 1e6 - Date.now())).toBeLessThan(1000);
    const monotonic = world['wasi:clocks/monotonic-clock'].now;
    expect(monotonic() <= monotonic()).toBe(true);
    const { getRandomBytes } = world['wasi:random/random'];
    expect(getRandomBytes(32n)).not.toEqual(getRandomBytes(32n));
    expect(() => getRandomBytes(2n ** 40n)).toThrow(Trap);
  });

  test('lets no request out, and ends who wants to leave', () => {
    const request = new OutgoingRequest(new Fields());
    request.setAuthority('elsewhere.example');
    expect(request.authority()).toBe('elsewhere.example');
    expect(refusal(() => world['wasi:http/outgoing-handler'].handle())).toEqual({ tag: 'HTTP-request-denied' });
    expect(() => world['wasi:cli/exit'].exit({ tag: 'ok' })).toThrow(ServiceExit);
  });
});
