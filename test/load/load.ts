/** Starts the load generator as a process of its own, and reads what it has seen. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LoadOptions {
  /** Where the router listens: `http://127.0.0.1:7878`. */
  readonly url: string;
  /** The `Host` header. */
  readonly host: string;
  /** Requests per second, evenly spaced. */
  readonly rate: number;
  /** File that each request is written to, one JSON line each. */
  readonly log: string;
  /** Paths asked for in turn; `/` when not given. */
  readonly paths?: readonly string[];
  /** Ends by itself after so many requests. */
  readonly most?: number;
  readonly connections?: number;
  /** Milliseconds without an answer after which a request counts as failed. */
  readonly timeout?: number;
  /** A header that says which user sends: so many users take turns, `user-0`, `user-1` …. */
  readonly users?: { readonly header: string; readonly count: number };
  /** Of the request ids, which are `PREFIX-0`, `PREFIX-1` …. */
  readonly prefix?: string;
}

/** One request as the client saw it. */
export interface LoadRecord {
  readonly id: string;
  /** Wall time at which it was sent, in milliseconds since the epoch. */
  readonly at: number;
  readonly path: string;
  /** `null`: it failed, see `error`. */
  readonly status: number | null;
  readonly error: string | null;
  /** `x-slipway-release` of the answer. */
  readonly release: number | null;
  readonly ms: number;
}

export interface Load {
  /** Sends no more, waits for the open requests and gives all that was seen, in the order of sending. */
  stop(): Promise<readonly LoadRecord[]>;
  /** Resolves like `stop` when it has ended by itself (`most`). */
  readonly ended: Promise<readonly LoadRecord[]>;
  /** What was written so far. */
  soFar(): readonly LoadRecord[];
}

export function startLoad(options: LoadOptions): Load {
  const script = join(import.meta.dirname, 'generator.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = new Promise<readonly LoadRecord[]>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve(readLoadLog(options.log));
      else reject(new Error(`the load generator ended with ${code}`));
    });
  });
  return {
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
    ended,
    soFar: () => readLoadLog(options.log),
  };
}

/** Reads a generator's log; a line that is just being written is left out. */
function readLoadLog(path: string): readonly LoadRecord[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LoadRecord)
    .sort((one, other) => numberOf(one.id) - numberOf(other.id));
}

/** The number of the user who has sent it, of `count`. */
export function userOf({ id }: LoadRecord, count: number): number {
  return numberOf(id) % count;
}

export interface LoadSummary {
  readonly requests: number;
  /** Without an answer. */
  readonly failed: number;
  /** Answered with 5xx. */
  readonly bad: number;
  /** Release number → requests that it answered. */
  readonly byRelease: Readonly<Record<number, number>>;
  readonly p50: number;
  readonly p99: number;
}

export function summarise(records: readonly LoadRecord[]): LoadSummary {
  const times = records.map(({ ms }) => ms).sort((one, other) => one - other);
  const byRelease: Record<number, number> = {};
  for (const { release } of records) if (release !== null) byRelease[release] = (byRelease[release] ?? 0) + 1;
  const at = (quantile: number): number => times[Math.min(times.length - 1, Math.floor(times.length * quantile))] ?? 0;
  return {
    requests: records.length,
    failed: records.filter(({ status }) => status === null).length,
    bad: records.filter(({ status }) => (status ?? 0) >= 500).length,
    byRelease,
    p50: at(0.5),
    p99: at(0.99),
  };
}

function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}
