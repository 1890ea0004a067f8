/** What a service has said and been asked: its request log and the output of its replicas, as one stream of lines. */

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { logFolderOf, type RequestRecord } from './router/request-log.ts';

export type LogLine = RequestLine | OutputLine;

interface RequestLine {
  readonly kind: 'request';
  readonly request: RequestRecord;
}

/** A line that a replica has written; when is not known, its place among the others is where it was found. */
interface OutputLine {
  readonly kind: 'stdout' | 'stderr';
  readonly release: number;
  readonly replica: string;
  readonly text: string;
}

export interface LogQuery {
  readonly home: string;
  /** `service/environment`. */
  readonly key: string;
  /** At most so many of the newest lines that are there already, from each file. */
  readonly last: number;
  /** Go on with what is written from now on, until the signal. */
  readonly follow: boolean;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** How much of the end of a file is looked at for its last lines, in bytes. */
const TAIL = 1024 * 1024;
const LOOK_EVERY = 150;

/** The lines of one environment: of each file in order, the output of replicas before the requests of the same moment. */
export async function* readServiceLogs(query: LogQuery): AsyncGenerator<LogLine> {
  const { home, key, last, follow, clock, signal } = query;
  const folder = logFolderOf(join(home, 'logs'), key);
  const tails = new Map<string, FileTail>();
  for (let first = true; ; first = false) {
    for (const name of logFilesIn(folder)) {
      const tail = tails.get(name) ?? openTail(join(folder, name));
      tails.set(name, tail);
      const lines = tail.read();
      // A file that appears while we follow is new from its first line on.
      for (const line of first ? lines.slice(-last) : lines) yield parsed(name, line);
    }
    if (!follow || signal?.aborted === true) return;
    await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
  }
}

const OUTPUT = /^(?<replica>(?<release>\d+)-[0-9a-f]+)\.(?<stream>stdout|stderr)\.log$/;
const REQUESTS = 'requests.ndjson';

/** The request log last. */
function logFilesIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder);
    return [...names.filter((name) => OUTPUT.test(name)).sort(), ...names.filter((name) => name === REQUESTS)];
  } catch {
    return [];
  }
}

function parsed(name: string, line: string): LogLine {
  const groups = OUTPUT.exec(name)?.groups;
  if (groups === undefined) return { kind: 'request', request: JSON.parse(line) as RequestRecord };
  const kind = groups['stream'] === 'stderr' ? 'stderr' : 'stdout';
  return { kind, release: Number(groups['release']), replica: groups['replica'] ?? '', text: line };
}

interface FileTail {
  /** The whole lines that were not read before. */
  read(): readonly string[];
}

/** Follows a file by its inode: after a rotation or when it was emptied it begins with the new one. */
function openTail(path: string): FileTail {
  let inode = -1;
  let offset = 0;
  let rest: Buffer = Buffer.alloc(0);
  return {
    read() {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) return [];
      if (found.ino !== inode || found.size < offset) {
        offset = inode === -1 ? Math.max(0, found.size - TAIL) : 0;
        inode = found.ino;
        rest = Buffer.alloc(0);
      }
      const bytes = Buffer.concat([rest, readFrom(path, offset, found.size)]);
      const cut = offset > 0 && rest.length === 0 && offset === found.size - TAIL;
      offset = found.size;
      const end = bytes.lastIndexOf('\n') + 1;
      rest = bytes.subarray(end);
      const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
      // The first line of a tail that begins in the middle of the file is a part of one.
      return cut ? lines.slice(1) : lines;
    },
  };
}

function readFrom(path: string, from: number, to: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, to - from));
  const file = openSync(path, 'r');
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}
