/**
 * Everything that a service is lent, by interface name without version, in the shape that jco's generated code imports
 * (classes for resources, a thrown `payload` for an error). Files and arguments: none. Sockets: not offered.
 */

import { systemClock, type Clock } from '../../../../kernel/clock.ts';
import { fillRandom } from '../../../../kernel/random.ts';
import { FutureTrailers, IncomingBody, OutgoingBody } from './http-bodies.ts';
import { Fields } from './http-fields.ts';
import { httpErrorCode, IncomingRequest, OutgoingResponse, ResponseOutparam } from './http-messages.ts';
import {
  denyRequest,
  FutureIncomingResponse,
  IncomingResponse,
  OutgoingRequest,
  RequestOptions,
} from './http-outgoing.ts';
import { InputStream, IoError, OutputStream, poll, Pollable, type Sink } from './io.ts';
import { ServiceExit, Trap } from './trap.ts';

export interface WorldOptions {
  readonly clock: Clock;
  /** What the service sees as its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** Resources that exist in the interfaces and that no guest ever holds. */
abstract class NeverMade {
  abstract readonly never: never;
}
abstract class TerminalInput extends NeverMade {}
abstract class TerminalOutput extends NeverMade {}
abstract class Descriptor extends NeverMade {}
abstract class DirectoryEntryStream extends NeverMade {}

const NANOSECONDS = 1_000_000;

/** The most that one call for random bytes may ask: more would be a mistake, or an attack on our memory. */
const LARGEST_RANDOM = 1024 * 1024;

const nowhere: Sink = { room: () => 1, write: () => undefined };

/** Names without version of the interfaces of WASI 0.2 that a service may import. */
export function lentInterfaces(): readonly string[] {
  return Object.keys(createWorld({ clock: systemClock, environment: {}, stdout: nowhere, stderr: nowhere }));
}

export type World = ReturnType<typeof createWorld>;

export function createWorld({ clock, environment, stdout, stderr }: WorldOptions) {
  const variables = Object.entries(environment);
  const nothing = new Uint8Array(0);
  return {
    'wasi:cli/environment': {
      getEnvironment: (): [string, string][] => variables,
      getArguments: (): string[] => [],
      initialCwd: (): undefined => undefined,
    },
    'wasi:cli/exit': {
      exit: (status: { readonly tag: string }): never => leave(status.tag === 'ok' ? 0 : 1),
      exitWithCode: (code: number): never => leave(code),
    },
    'wasi:cli/stdin': { getStdin: () => new InputStream(nothing) },
    'wasi:cli/stdout': { getStdout: () => new OutputStream(stdout) },
    'wasi:cli/stderr': { getStderr: () => new OutputStream(stderr) },
    'wasi:cli/terminal-input': { TerminalInput },
    'wasi:cli/terminal-output': { TerminalOutput },
    'wasi:cli/terminal-stdin': { getTerminalStdin: (): undefined => undefined },
    'wasi:cli/terminal-stdout': { getTerminalStdout: (): undefined => undefined },
    'wasi:cli/terminal-stderr': { getTerminalStderr: (): undefined => undefined },
    'wasi:clocks/monotonic-clock': {
      now: () => toNanoseconds(clock.monotonic()),
      resolution: () => 1000n,
      subscribeInstant: (when: bigint) => new Pollable(clock, Number(when) / NANOSECONDS),
      subscribeDuration: (when: bigint) => new Pollable(clock, clock.monotonic() + Number(when) / NANOSECONDS),
    },
    'wasi:clocks/wall-clock': {
      now: () => toDatetime(clock.wall()),
      resolution: () => ({ seconds: 0n, nanoseconds: NANOSECONDS }),
    },
    'wasi:random/random': { getRandomBytes: randomBytes, getRandomU64: randomWord },
    'wasi:random/insecure': { getInsecureRandomBytes: randomBytes, getInsecureRandomU64: randomWord },
    'wasi:random/insecure-seed': { insecureSeed: (): [bigint, bigint] => [randomWord(), randomWord()] },
    'wasi:io/error': { Error: IoError },
    'wasi:io/poll': { Pollable, poll },
    'wasi:io/streams': { InputStream, OutputStream },
    'wasi:filesystem/preopens': { getDirectories: (): [Descriptor, string][] => [] },
    'wasi:filesystem/types': { Descriptor, DirectoryEntryStream, filesystemErrorCode: (): undefined => undefined },
    'wasi:http/types': {
      Fields,
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      OutgoingRequest,
      OutgoingResponse,
      RequestOptions,
      ResponseOutparam,
      httpErrorCode,
    },
    'wasi:http/outgoing-handler': { handle: denyRequest },
  };
}

function leave(code: number): never {
  throw new ServiceExit(code);
}

function toDatetime(milliseconds: number) {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(seconds), nanoseconds: (milliseconds - seconds * 1000) * NANOSECONDS };
}

function toNanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * NANOSECONDS));
}

function randomBytes(length: bigint): Uint8Array {
  if (length > BigInt(LARGEST_RANDOM)) throw new Trap(`more than ${LARGEST_RANDOM} random bytes in one call`);
  return fillRandom(new Uint8Array(Number(length)));
}

function randomWord(): bigint {
  return new DataView(randomBytes(8n).buffer).getBigUint64(0);
}
