import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../kernel/clock.ts';
import { type LogLine, readServiceLogs } from './service-logs.ts';

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-logs-'));
  folder = join(home, 'logs', 'greeter.local');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const query = { key: 'greeter/local', clock: systemClock };

function textOf(line: LogLine): string {
  return line.kind === 'request' ? line.request.id : `#${line.release} ${line.replica} ${line.kind} ${line.text}`;
}

async function collect(last: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readServiceLogs({ ...query, home, last, follow: false })) lines.push(textOf(line));
  return lines;
}

test('nothing was logged yet', async () => {
  rmSync(folder, { recursive: true });
  expect(await collect(10)).toEqual([]);
});

test('output is told with its release and replica, and an unfinished line is not told', async () => {
  writeFileSync(join(folder, '7-ab12.stdout.log'), 'one\ntwo\nthr');
  writeFileSync(join(folder, '7-ab12.stderr.log'), 'bad\n');
  writeFileSync(join(folder, 'requests.ndjson'), '{"id":"r-1"}\n{"id":"r-2"}\n');
  expect(await collect(1)).toEqual(['#7 7-ab12 stderr bad', '#7 7-ab12 stdout two', 'r-2']);
});

test('following tells what is added, in new files too, and goes on after a rotation', async () => {
  const requests = join(folder, 'requests.ndjson');
  writeFileSync(requests, '{"id":"r-1"}\n');
  const ending = new AbortController();
  const lines = readServiceLogs({ ...query, home, last: 10, follow: true, signal: ending.signal });
  const next = async (): Promise<string> => {
    const { value } = await lines.next();
    return value === undefined ? 'end' : textOf(value);
  };
  expect(await next()).toBe('r-1');
  const second = next();
  appendFileSync(requests, '{"id":"r-2"}\n');
  expect(await second).toBe('r-2');
  renameSync(requests, join(folder, 'requests.1.ndjson'));
  writeFileSync(requests, '{"id":"r-3"}\n');
  expect(await next()).toBe('r-3');
  writeFileSync(join(folder, '8-cd34.stderr.log'), 'hello\n');
  expect(await next()).toBe('#8 8-cd34 stderr hello');
  const last = next();
  ending.abort();
  expect(await last).toBe('end');
});
