/**
 * The functions of `wasi_snapshot_preview1` for one run of a command: its environment, its standard streams, clocks,
 * random bytes and waiting. There are no files and no sockets: any descriptor but the three streams is a bad one.
 */

import type { Clock } from '../../../../kernel/clock.ts';
import { fillRandom } from '../../../../kernel/random.ts';
import { ALWAYS_READY, poll, Pollable } from '../wasi/io.ts';
import { Trap } from '../wasi/trap.ts';

export interface Preview1Options {
  readonly clock: Clock;
  /** Each `NAME=VALUE`, without a zero byte in it. */
  readonly environment: readonly Uint8Array[];
  /** What it reads from standard input. */
  readonly input: Uint8Array;
  /** Takes what it writes; the bytes are the guest's, so they are copied or gone when this returns. */
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  /** The guest's memory: asked for only while it runs. */
  readonly memory: () => WebAssembly.Memory;
}

/** Thrown out of the guest when it calls `proc_exit`; no Error, since it is a usual end. */
export class ProcessExit {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}

/** Error numbers (witx `errno`). */
const SUCCESS = 0;
const BADF = 8;
const INVAL = 28;
const SPIPE = 70;

const STREAMS = 3;
/** More in one call would only fill our memory (`IOV_MAX` of wasi-libc; of waits as many). */
const MOST_PIECES = 1024;
const NANOSECONDS = 1_000_000;
/** The rights to read and to write (witx `rights`). */
const FD_READ = 1n << 1n;
const FD_WRITE = 1n << 6n;

const ARGUMENTS = [Buffer.from('service')];

type HostFunction = (...values: number[]) => number;

/** Functions that concern files, folders and sockets: the guest has none. */
const ABOUT_OTHERS = [
  'fd_advise',
  'fd_allocate',
  'fd_fdstat_set_rights',
  'fd_filestat_set_size',
  'fd_filestat_set_times',
  'fd_prestat_dir_name',
  'fd_prestat_get',
  'fd_readdir',
  'fd_renumber',
  'path_create_directory',
  'path_filestat_get',
  'path_filestat_set_times',
  'path_link',
  'path_open',
  'path_readlink',
  'path_remove_directory',
  'path_rename',
  'path_symlink',
  'path_unlink_file',
  'sock_accept',
  'sock_recv',
  'sock_send',
  'sock_shutdown',
] as const;

/** The names of all functions that are lent. */
export function preview1Names(): readonly string[] {
  const nothing = new Uint8Array(0);
  const memory = (): never => {
    throw new Error('nothing runs');
  };
  const clock: Clock = { wall: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
  return Object.keys(createPreview1({ clock, environment: [], input: nothing, onOutput: () => undefined, memory }));
}

/** By name, as a module imports them. An address out of the memory ends the guest. */
export function createPreview1(options: Preview1Options): Readonly<Record<string, HostFunction>> {
  const { clock, environment, input, onOutput } = options;
  let view = new DataView(new ArrayBuffer(0));
  let position = 0;

  /** A view of the memory as it is now: it moves when it grows. */
  const look = (): DataView => {
    const { buffer } = options.memory();
    if (view.buffer !== buffer) view = new DataView(buffer);
    return view;
  };
  const setSize = (at: number, value: number): void => look().setUint32(at >>> 0, value, true);
  const setLong = (at: number, value: bigint): void => look().setBigUint64(at >>> 0, value, true);
  const region = (at: number, length: number): Uint8Array<ArrayBuffer> =>
    new Uint8Array(options.memory().buffer, at >>> 0, length >>> 0);
  /** The pieces of memory that a list of addresses and lengths (`iovec`) names. */
  const pieces = (list: number, count: number): readonly Uint8Array[] =>
    Array.from({ length: count }, (_, index) => {
      const at = (list >>> 0) + index * 8;
      return region(look().getUint32(at, true), look().getUint32(at + 4, true));
    });

  const sizesOf =
    (list: readonly Uint8Array[]): HostFunction =>
    (count = 0, size = 0) => {
      setSize(count, list.length);
      setSize(
        size,
        list.reduce((sum, { length }) => sum + length + 1, 0),
      );
      return SUCCESS;
    };
  const contentOf =
    (list: readonly Uint8Array[]): HostFunction =>
    (pointers = 0, content = 0) => {
      let at = content >>> 0;
      list.forEach((text, index) => {
        setSize((pointers >>> 0) + index * 4, at);
        const place = region(at, text.length + 1);
        place.set(text);
        place[text.length] = 0;
        at += text.length + 1;
      });
      return SUCCESS;
    };
  const ofStream =
    (call: HostFunction): HostFunction =>
    (descriptor = 0, ...values) =>
      descriptor >>> 0 < STREAMS ? call(descriptor, ...values) : BADF;
  const succeed = ofStream(() => SUCCESS);
  const notSeekable = ofStream(() => SPIPE);

  const now = (id: number): bigint | null => {
    if (id === 0) return BigInt(clock.wall()) * BigInt(NANOSECONDS);
    return id === 1 ? BigInt(Math.round(clock.monotonic() * NANOSECONDS)) : null;
  };
  /** When (monotonic, milliseconds) a clock that is subscribed to is over. */
  const dueOf = (at: number): number => {
    const seen = look();
    const timeout = seen.getBigUint64(at + 24, true);
    const absolute = (seen.getUint16(at + 40, true) & 1) === 1;
    const left = absolute ? timeout - (now(seen.getUint32(at + 16, true)) ?? 0n) : timeout;
    return clock.monotonic() + Number(left) / NANOSECONDS;
  };

  return {
    ...Object.fromEntries(ABOUT_OTHERS.map((name) => [name, () => BADF])),
    args_sizes_get: sizesOf(ARGUMENTS),
    args_get: contentOf(ARGUMENTS),
    environ_sizes_get: sizesOf(environment),
    environ_get: contentOf(environment),
    clock_res_get(id = 0, at = 0) {
      if (now(id) === null) return INVAL;
      setLong(at, id === 0 ? BigInt(NANOSECONDS) : 1000n);
      return SUCCESS;
    },
    clock_time_get(id = 0, _precision, at = 0) {
      const time = now(id);
      if (time === null) return INVAL;
      setLong(at, time);
      return SUCCESS;
    },
    fd_close: succeed,
    fd_datasync: succeed,
    fd_sync: succeed,
    fd_fdstat_set_flags: succeed,
    fd_seek: notSeekable,
    fd_tell: notSeekable,
    fd_pread: notSeekable,
    fd_pwrite: notSeekable,
    /** Of a kind that is not told: what is no terminal is buffered. */
    fd_fdstat_get: ofStream((descriptor = 0, at = 0) => {
      region(at, 24).fill(0);
      setLong((at >>> 0) + 8, descriptor === 0 ? FD_READ : FD_WRITE);
      return SUCCESS;
    }),
    fd_filestat_get: ofStream((_descriptor, at = 0) => {
      region(at, 64).fill(0);
      return SUCCESS;
    }),
    fd_read(descriptor = 0, list = 0, count = 0, read = 0) {
      if (descriptor !== 0) return BADF;
      if (count >>> 0 > MOST_PIECES) return INVAL;
      const before = position;
      for (const piece of pieces(list, count)) {
        const taken = input.subarray(position, position + piece.length);
        piece.set(taken);
        position += taken.length;
      }
      setSize(read, position - before);
      return SUCCESS;
    },
    fd_write(descriptor = 0, list = 0, count = 0, written = 0) {
      if (descriptor !== 1 && descriptor !== 2) return BADF;
      if (count >>> 0 > MOST_PIECES) return INVAL;
      let size = 0;
      for (const piece of pieces(list, count)) {
        onOutput(descriptor === 1 ? 'stdout' : 'stderr', piece);
        size += piece.length;
      }
      setSize(written, size);
      return SUCCESS;
    },
    poll_oneoff(subscriptions = 0, events = 0, count = 0, ready = 0) {
      if (count === 0 || count >>> 0 > MOST_PIECES) return INVAL;
      const from = subscriptions >>> 0;
      const waits = Array.from({ length: count }, (_, index) => {
        const at = from + index * 48;
        // Kind 0 is a clock; the standard streams, the others, never make anybody wait.
        return look().getUint8(at + 8) === 0 ? new Pollable(clock, dueOf(at)) : ALWAYS_READY;
      });
      const over = poll(waits);
      over.forEach((index, place) => {
        const at = from + index * 48;
        const event = (events >>> 0) + place * 32;
        const kind = look().getUint8(at + 8);
        const bad = kind !== 0 && look().getUint32(at + 16, true) >= STREAMS;
        region(event, 32).fill(0);
        setLong(event, look().getBigUint64(at, true));
        look().setUint16(event + 8, bad ? BADF : SUCCESS, true);
        look().setUint8(event + 10, kind);
        if (kind === 1) setLong(event + 16, BigInt(input.length - position));
      });
      setSize(ready, over.length);
      return SUCCESS;
    },
    proc_exit(code = 0): never {
      throw new ProcessExit(code >>> 0);
    },
    proc_raise(): never {
      throw new Trap('the service raised a signal');
    },
    random_get(at = 0, length = 0) {
      fillRandom(region(at, length));
      return SUCCESS;
    },
    sched_yield: () => SUCCESS,
  };
}
