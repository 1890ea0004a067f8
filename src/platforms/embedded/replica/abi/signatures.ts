/**
 * The functions of WASI 0.2 that a service may import, with their types, from the WIT files of wasi:io, wasi:clocks,
 * wasi:random, wasi:cli and wasi:http 0.2.12 (later minor versions of 0.2 only add). Keys are interface name without version and
 * function name as a module spells them.
 */

import { FutureTrailers, IncomingBody, OutgoingBody } from '../wasi/http-bodies.ts';
import { Fields } from '../wasi/http-fields.ts';
import {
  httpErrorCode,
  IncomingRequest,
  OutgoingResponse,
  ResponseOutparam,
  type Outcome,
} from '../wasi/http-messages.ts';
import { FutureIncomingResponse, IncomingResponse, OutgoingRequest, RequestOptions } from '../wasi/http-outgoing.ts';
import { InputStream, IoError, OutputStream, Pollable } from '../wasi/io.ts';
import { Trap } from '../wasi/trap.ts';
import type { World } from '../wasi/world.ts';
import { ERROR_CODE, HEADER_ERROR, METHOD, SCHEME, STREAM_ERROR } from './http-types.ts';
import { fallible, total, type Lowering } from './lowering.ts';
import { bool, borrow, bytes, list, option, own, record, result, string, tuple, u16, u32, u64, u8 } from './types.ts';

export type Signatures = Readonly<Record<string, Readonly<Record<string, Lowering>>>>;

/** Every function that can be lent, by interface. Dropping a resource is `[resource-drop]name` in the interface of its type. */
export function signaturesOf(world: World): Signatures {
  return { ...io(world), ...clocks(world), ...random(world), ...command(world), ...http(world), ...filesystem() };
}

function io(world: World): Signatures {
  const { poll } = world['wasi:io/poll'];
  const write = fallible([borrow(OutputStream), bytes], [null, STREAM_ERROR], (stream, data) => stream.write(data));
  const writeThrough = (stream: OutputStream, data: Uint8Array) => stream.blockingWriteAndFlush(data);
  const zeroes = (stream: OutputStream, length: bigint) => stream.blockingWriteZeroesAndFlush(length);
  const read = fallible([borrow(InputStream), u64], [bytes, STREAM_ERROR], (stream, length) => stream.read(length));
  const skip = fallible([borrow(InputStream), u64], [u64, STREAM_ERROR], (stream, length) => stream.skip(length));
  const flush = fallible([borrow(OutputStream)], [null, STREAM_ERROR], (stream) => stream.flush());
  const splice = fallible(
    [borrow(OutputStream), borrow(InputStream), u64],
    [u64, STREAM_ERROR],
    (stream, source, length) => stream.splice(source, length),
  );
  return {
    'wasi:io/error': {
      '[method]error.to-debug-string': total([borrow(IoError)], string, (error) => error.toDebugString()),
      '[resource-drop]error': drop(IoError),
    },
    'wasi:io/poll': {
      '[method]pollable.ready': total([borrow(Pollable)], bool, (pollable) => pollable.ready()),
      '[method]pollable.block': total([borrow(Pollable)], null, (pollable) => pollable.block()),
      '[resource-drop]pollable': drop(Pollable),
      poll: total([list(borrow(Pollable))], list(u32), (pollables) => poll([...pollables])),
    },
    'wasi:io/streams': {
      '[method]input-stream.read': read,
      '[method]input-stream.blocking-read': read,
      '[method]input-stream.skip': skip,
      '[method]input-stream.blocking-skip': skip,
      '[method]input-stream.subscribe': total([borrow(InputStream)], own(Pollable), (stream) => stream.subscribe()),
      '[resource-drop]input-stream': drop(InputStream),
      '[method]output-stream.check-write': fallible([borrow(OutputStream)], [u64, STREAM_ERROR], (stream) =>
        stream.checkWrite(),
      ),
      '[method]output-stream.write': write,
      '[method]output-stream.blocking-write-and-flush': fallible(
        [borrow(OutputStream), bytes],
        [null, STREAM_ERROR],
        writeThrough,
      ),
      '[method]output-stream.flush': flush,
      '[method]output-stream.blocking-flush': flush,
      '[method]output-stream.subscribe': total([borrow(OutputStream)], own(Pollable), (stream) => stream.subscribe()),
      '[method]output-stream.write-zeroes': fallible(
        [borrow(OutputStream), u64],
        [null, STREAM_ERROR],
        (stream, length) => stream.writeZeroes(length),
      ),
      '[method]output-stream.blocking-write-zeroes-and-flush': fallible(
        [borrow(OutputStream), u64],
        [null, STREAM_ERROR],
        zeroes,
      ),
      '[method]output-stream.splice': splice,
      '[method]output-stream.blocking-splice': splice,
      '[resource-drop]output-stream': drop(OutputStream),
    },
  };
}

function clocks(world: World): Signatures {
  const monotonic = world['wasi:clocks/monotonic-clock'];
  const wall = world['wasi:clocks/wall-clock'];
  const datetime = record({ seconds: u64, nanoseconds: u32 });
  return {
    'wasi:clocks/monotonic-clock': {
      now: total([], u64, monotonic.now),
      resolution: total([], u64, monotonic.resolution),
      'subscribe-instant': total([u64], own(Pollable), monotonic.subscribeInstant),
      'subscribe-duration': total([u64], own(Pollable), monotonic.subscribeDuration),
    },
    'wasi:clocks/wall-clock': { now: total([], datetime, wall.now), resolution: total([], datetime, wall.resolution) },
  };
}

function random(world: World): Signatures {
  const secure = world['wasi:random/random'];
  const insecure = world['wasi:random/insecure'];
  const { insecureSeed } = world['wasi:random/insecure-seed'];
  return {
    'wasi:random/random': {
      'get-random-bytes': total([u64], bytes, secure.getRandomBytes),
      'get-random-u64': total([], u64, secure.getRandomU64),
    },
    'wasi:random/insecure': {
      'get-insecure-random-bytes': total([u64], bytes, insecure.getInsecureRandomBytes),
      'get-insecure-random-u64': total([], u64, insecure.getInsecureRandomU64),
    },
    'wasi:random/insecure-seed': { 'insecure-seed': total([], tuple(u64, u64), insecureSeed) },
  };
}

function command(world: World): Signatures {
  const environment = world['wasi:cli/environment'];
  const ending = world['wasi:cli/exit'];
  const { TerminalInput } = world['wasi:cli/terminal-input'];
  const { TerminalOutput } = world['wasi:cli/terminal-output'];
  const input = option(own(TerminalInput));
  const output = option(own(TerminalOutput));
  return {
    'wasi:cli/environment': {
      'get-environment': total([], list(tuple(string, string)), environment.getEnvironment),
      'get-arguments': total([], list(string), environment.getArguments),
      'initial-cwd': total([], option(string), environment.initialCwd),
    },
    'wasi:cli/exit': {
      exit: total([result(null, null)], null, ending.exit),
      'exit-with-code': total([u8], null, ending.exitWithCode),
    },
    'wasi:cli/stdin': { 'get-stdin': total([], own(InputStream), world['wasi:cli/stdin'].getStdin) },
    'wasi:cli/stdout': { 'get-stdout': total([], own(OutputStream), world['wasi:cli/stdout'].getStdout) },
    'wasi:cli/stderr': { 'get-stderr': total([], own(OutputStream), world['wasi:cli/stderr'].getStderr) },
    'wasi:cli/terminal-input': { '[resource-drop]terminal-input': drop(TerminalInput) },
    'wasi:cli/terminal-output': { '[resource-drop]terminal-output': drop(TerminalOutput) },
    'wasi:cli/terminal-stdin': {
      'get-terminal-stdin': total([], input, world['wasi:cli/terminal-stdin'].getTerminalStdin),
    },
    'wasi:cli/terminal-stdout': {
      'get-terminal-stdout': total([], output, world['wasi:cli/terminal-stdout'].getTerminalStdout),
    },
    'wasi:cli/terminal-stderr': {
      'get-terminal-stderr': total([], output, world['wasi:cli/terminal-stderr'].getTerminalStderr),
    },
  };
}

function http(world: World): Signatures {
  return {
    'wasi:http/types': { ...fields(), ...incoming(), ...response(), ...outgoingRequest(), ...bodies() },
    'wasi:http/outgoing-handler': {
      handle: fallible(
        [own(OutgoingRequest), option(own(RequestOptions))],
        [own(FutureIncomingResponse), ERROR_CODE],
        (_request, _options) => world['wasi:http/outgoing-handler'].handle(),
      ),
    },
  };
}

type Functions = Readonly<Record<string, Lowering>>;

function fields(): Functions {
  const self = borrow(Fields);
  const entries = list(tuple(string, bytes));
  return {
    '[constructor]fields': total([], own(Fields), () => new Fields()),
    '[static]fields.from-list': fallible([entries], [own(Fields), HEADER_ERROR], (all) => Fields.fromList([...all])),
    '[method]fields.get': total([self, string], list(bytes), (of, name) => of.get(name)),
    '[method]fields.has': total([self, string], bool, (of, name) => of.has(name)),
    '[method]fields.set': fallible([self, string, list(bytes)], [null, HEADER_ERROR], (of, name, values) =>
      of.set(name, [...values]),
    ),
    '[method]fields.delete': fallible([self, string], [null, HEADER_ERROR], (of, name) => of.delete(name)),
    '[method]fields.append': fallible([self, string, bytes], [null, HEADER_ERROR], (of, name, value) =>
      of.append(name, value),
    ),
    '[method]fields.entries': total([self], entries, (of) => of.entries()),
    '[method]fields.clone': total([self], own(Fields), (of) => of.clone()),
    '[resource-drop]fields': drop(Fields),
  };
}

function incoming(): Functions {
  const self = borrow(IncomingRequest);
  return {
    '[method]incoming-request.method': total([self], METHOD, (of) => of.method()),
    '[method]incoming-request.path-with-query': total([self], option(string), (of) => of.pathWithQuery()),
    '[method]incoming-request.scheme': total([self], option(SCHEME), (of) => of.scheme()),
    '[method]incoming-request.authority': total([self], option(string), (of) => of.authority()),
    '[method]incoming-request.headers': total([self], own(Fields), (of) => of.headers()),
    '[method]incoming-request.consume': fallible([self], [own(IncomingBody), null], (of) => of.consume()),
    '[resource-drop]incoming-request': drop(IncomingRequest),
    '[method]incoming-response.status': total([borrow(IncomingResponse)], u16, (of) => of.status()),
    '[method]incoming-response.headers': total([borrow(IncomingResponse)], own(Fields), (of) => of.headers()),
    '[method]incoming-response.consume': fallible([borrow(IncomingResponse)], [own(IncomingBody), null], (of) =>
      of.consume(),
    ),
    '[resource-drop]incoming-response': drop(IncomingResponse),
    '[method]future-incoming-response.subscribe': total([borrow(FutureIncomingResponse)], own(Pollable), (of) =>
      of.subscribe(),
    ),
    '[method]future-incoming-response.get': total(
      [borrow(FutureIncomingResponse)],
      option(result(result(own(IncomingResponse), ERROR_CODE), null)),
      (of) => of.get(),
    ),
    '[resource-drop]future-incoming-response': drop(FutureIncomingResponse),
    'http-error-code': total([borrow(IoError)], option(ERROR_CODE), httpErrorCode),
  };
}

function response(): Functions {
  const self = borrow(OutgoingResponse);
  return {
    '[constructor]outgoing-response': total([own(Fields)], own(OutgoingResponse), (of) => new OutgoingResponse(of)),
    '[method]outgoing-response.status-code': total([self], u16, (of) => of.statusCode()),
    '[method]outgoing-response.set-status-code': fallible([self, u16], [null, null], (of, status) =>
      of.setStatusCode(status),
    ),
    '[method]outgoing-response.headers': total([self], own(Fields), (of) => of.headers()),
    '[method]outgoing-response.body': fallible([self], [own(OutgoingBody), null], (of) => of.body()),
    '[resource-drop]outgoing-response': drop(OutgoingResponse),
    '[static]response-outparam.set': total(
      [own(ResponseOutparam), result(own(OutgoingResponse), ERROR_CODE)],
      null,
      (param, outcome) => ResponseOutparam.set(param, outcome as Outcome),
    ),
    '[resource-drop]response-outparam': drop(ResponseOutparam),
  };
}

function outgoingRequest(): Functions {
  const self = borrow(OutgoingRequest);
  const options = borrow(RequestOptions);
  const text = option(string);
  const duration = option(u64);
  const name = '[method]outgoing-request';
  const timeouts = '[method]request-options';
  return {
    '[constructor]outgoing-request': total([own(Fields)], own(OutgoingRequest), (of) => new OutgoingRequest(of)),
    [`${name}.body`]: fallible([self], [own(OutgoingBody), null], (of) => of.body()),
    [`${name}.method`]: total([self], METHOD, (of) => of.method()),
    [`${name}.set-method`]: fallible([self, METHOD], [null, null], (of, value) => of.setMethod(value)),
    [`${name}.path-with-query`]: total([self], text, (of) => of.pathWithQuery()),
    [`${name}.set-path-with-query`]: fallible([self, text], [null, null], (of, value) => of.setPathWithQuery(value)),
    [`${name}.scheme`]: total([self], option(SCHEME), (of) => of.scheme()),
    [`${name}.set-scheme`]: fallible([self, option(SCHEME)], [null, null], (of, value) => of.setScheme(value)),
    [`${name}.authority`]: total([self], text, (of) => of.authority()),
    [`${name}.set-authority`]: fallible([self, text], [null, null], (of, value) => of.setAuthority(value)),
    [`${name}.headers`]: total([self], own(Fields), (of) => of.headers()),
    '[resource-drop]outgoing-request': drop(OutgoingRequest),
    '[constructor]request-options': total([], own(RequestOptions), () => new RequestOptions()),
    [`${timeouts}.connect-timeout`]: total([options], duration, (of) => of.connectTimeout()),
    [`${timeouts}.set-connect-timeout`]: fallible([options, duration], [null, null], (of, value) =>
      of.setConnectTimeout(value),
    ),
    [`${timeouts}.first-byte-timeout`]: total([options], duration, (of) => of.firstByteTimeout()),
    [`${timeouts}.set-first-byte-timeout`]: fallible([options, duration], [null, null], (of, value) =>
      of.setFirstByteTimeout(value),
    ),
    [`${timeouts}.between-bytes-timeout`]: total([options], duration, (of) => of.betweenBytesTimeout()),
    [`${timeouts}.set-between-bytes-timeout`]: fallible([options, duration], [null, null], (of, value) =>
      of.setBetweenBytesTimeout(value),
    ),
    '[resource-drop]request-options': drop(RequestOptions),
  };
}

function bodies(): Functions {
  const trailers = result(result(option(own(Fields)), ERROR_CODE), null);
  return {
    '[method]incoming-body.stream': fallible([borrow(IncomingBody)], [own(InputStream), null], (of) => of.stream()),
    '[static]incoming-body.finish': total([own(IncomingBody)], own(FutureTrailers), (of) => IncomingBody.finish(of)),
    '[resource-drop]incoming-body': drop(IncomingBody),
    '[method]future-trailers.subscribe': total([borrow(FutureTrailers)], own(Pollable), (of) => of.subscribe()),
    '[method]future-trailers.get': total([borrow(FutureTrailers)], option(trailers), (of) => of.get()),
    '[resource-drop]future-trailers': drop(FutureTrailers),
    '[method]outgoing-body.write': fallible([borrow(OutgoingBody)], [own(OutputStream), null], (of) => of.write()),
    '[static]outgoing-body.finish': fallible([own(OutgoingBody), option(own(Fields))], [null, ERROR_CODE], (of, sent) =>
      OutgoingBody.finish(of, sent),
    ),
    '[resource-drop]outgoing-body': drop(OutgoingBody),
  };
}

/** No directory is lent, so no descriptor exists and none of its functions can be called but by a mistake. */
const DESCRIPTOR_FUNCTION = /^\[(method|resource-drop)\](descriptor|directory-entry-stream)\b/;

function filesystem(): Signatures {
  const noDescriptor: Lowering = () => () => {
    throw new Trap('no directory is lent to this service');
  };
  return {
    'wasi:filesystem/preopens': { 'get-directories': total([], list(tuple(u32, string)), () => []) },
    'wasi:filesystem/types': new Proxy<Record<string, Lowering>>(
      { 'filesystem-error-code': total([borrow(IoError)], option(u8), (_error) => undefined) },
      { get: (known, name) => (DESCRIPTOR_FUNCTION.test(String(name)) ? noDescriptor : known[String(name)]) },
    ),
  };
}

function drop(of: abstract new (...args: never[]) => object): Lowering {
  return total([own(of)], null, (resource: Partial<Disposable>) => resource[Symbol.dispose]?.());
}
