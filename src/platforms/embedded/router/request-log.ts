/** The request log: one JSON line per request, a file per environment, written in batches, two files kept. */

import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RequestSource } from '../../../delivery/index.ts';
import type { RequestOutcome } from './tally.ts';

/** One line of `requests.ndjson`. */
export interface RequestRecord {
  /** Wall time of the end, in milliseconds since the epoch. */
  readonly at: number;
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** `null`: the connection ended before or while an answer was sent. */
  readonly status: number | null;
  /** `null`: no release was exposed. */
  readonly release: number | null;
  readonly replica: string | null;
  readonly ms: number;
  readonly outcome: RequestOutcome;
  readonly fallback?: boolean;
  /** Absent: `split`, a user's. A `mirror` has the id of the request that it is a copy of. */
  readonly source?: RequestSource;
}

export interface RequestLog {
  write(key: string, record: RequestRecord): void;
  /** Writes what is held back and takes no more. */
  close(): Promise<void>;
}

const FLUSH_EVERY = 100;

export interface RequestLogOptions {
  /** Folder of all logs. */
  readonly folder: string;
  /** A file that has grown beyond this is renamed to `requests.1.ndjson`, in place of the former one. */
  readonly rotateAt?: number;
}

/** `herald/local` → `LOGS/herald.local`. */
export function logFolderOf(logs: string, key: string): string {
  return join(logs, key.replaceAll('/', '.'));
}

export function openRequestLog({ folder, rotateAt = 32 * 1024 * 1024 }: RequestLogOptions): RequestLog {
  let held = new Map<string, string[]>();
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;

  const flush = (): Promise<void> => {
    timer = null;
    const batch = held;
    held = new Map();
    // A log that can't be written (a full disk) must not stop requests; what was held is lost.
    writing = writing.then(() => writeBatch(batch)).catch(() => undefined);
    return writing;
  };
  const writeBatch = async (batch: ReadonlyMap<string, readonly string[]>): Promise<void> => {
    for (const [key, lines] of batch) await append(join(logFolderOf(folder, key), 'requests.ndjson'), lines.join(''));
  };
  const append = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await appendFile(path, text, { mode: 0o600 });
    const { size } = await stat(path);
    if (size > rotateAt) await rename(path, path.replace(/\.ndjson$/, '.1.ndjson'));
  };

  return {
    write(key, record) {
      const lines = held.get(key) ?? [];
      lines.push(`${JSON.stringify(record)}\n`);
      held.set(key, lines);
      timer ??= setTimeout(() => void flush(), FLUSH_EVERY);
    },
    async close() {
      if (timer !== null) clearTimeout(timer);
      await flush();
    },
  };
}
