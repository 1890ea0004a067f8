/** What a service has said and been asked: its request log and the output of its replicas, as one stream of lines. */

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { createRedactor } from '../../kernel/secret.ts';
import { parseOutputLine } from './output-line.ts';
import { logFolderOf, type RequestRecord } from './router/request-log.ts';
import { openSecretStore } from './secret-store.ts';

export type LogLine = RequestLine | OutputLine;

interface RequestLine {
  readonly kind: 'request';
  readonly request: RequestRecord;
}

/** A line that a replica has written. */
interface OutputLine {
  readonly kind: 'stdout' | 'stderr';
  /** Wall time in milliseconds; `null` when its engine does not tell it. */
  readonly at: number | null;
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

/**
 * The lines of one environment by their times; those without one stay where they are in their file, and of the same moment
 * the output of replicas comes before the requests. Values of secrets that the home keeps are left out, as far as
 * `createRedactor` finds them.
 */
export async function* readServiceLogs(query: LogQuery): AsyncGenerator<LogLine> {
  const { home, key, last, follow, clock, signal } = query;
  const folder = logFolderOf(join(home, 'logs'), key);
  const tails = new Map<string, FileTail>();
  const secrets = openSecretStore({ home, clock });
  for (let first = true; ; first = false) {
    const found = logFilesIn(folder).flatMap((name) => {
      const tail = tails.get(name) ?? openTail(join(folder, name));
      tails.set(name, tail);
      const lines = tail.read();
      // A file that appears while we follow is new from its first line on.
      return timed((first ? lines.slice(-last) : lines).map((line) => parsed(name, line)));
    });
    if (found.length > 0) {
      const redact = createRedactor(secrets.values());
      for (const { line } of found.sort((one, other) => one.at - other.at)) yield withoutSecrets(line, redact);
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
  return { kind, release: Number(groups['release']), replica: groups['replica'] ?? '', ...parseOutputLine(line) };
}

interface TimedLine {
  readonly at: number;
  readonly line: LogLine;
}

/** Lines of one file; one that does not tell its time has that of the one before it. */
function timed(lines: readonly LogLine[]): readonly TimedLine[] {
  let latest = 0;
  return lines.map((line) => {
    latest = (line.kind === 'request' ? line.request.at : line.at) ?? latest;
    return { at: latest, line };
  });
}

function withoutSecrets(line: LogLine, redact: (text: string) => string): LogLine {
  if (line.kind !== 'request') return { ...line, text: redact(line.text) };
  return { ...line, request: { ...line.request, path: redact(line.request.path) } };
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
