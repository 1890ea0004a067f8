import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../kernel/clock.ts';
import { openSecretStore } from './secret-store.ts';
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

test('lines are told by their times, those without one after the line before them', async () => {
  const at = (second: number): string => `2026-11-24T10:00:0${second}.000Z`;
  writeFileSync(join(folder, '7-ab12.stdout.log'), `${at(1)} one\nand more of it\n${at(3)} three\n`);
  writeFileSync(join(folder, '8-cd34.stderr.log'), `${at(2)} two\n`);
  writeFileSync(
    join(folder, 'requests.ndjson'),
    `{"id":"r-1","at":${Date.parse(at(2))}}\n{"id":"r-2","at":${Date.parse(at(4))}}\n`,
  );
  expect(await collect(10)).toEqual([
    '#7 7-ab12 stdout one',
    '#7 7-ab12 stdout and more of it',
    '#8 8-cd34 stderr two',
    'r-1',
    '#7 7-ab12 stdout three',
    'r-2',
  ]);
});

test('values of secrets are not told, neither in output nor in the path of a request', async () => {
  await openSecretStore({ home, clock: systemClock }).put({ PASSWORD: 'correct horse' });
  writeFileSync(join(folder, '7-ab12.stderr.log'), 'no connection with correct horse\n');
  writeFileSync(join(folder, 'requests.ndjson'), '{"id":"r-1","path":"/?p=correct%20horse"}\n');
  const lines: LogLine[] = [];
  for await (const line of readServiceLogs({ ...query, home, last: 10, follow: false })) lines.push(line);
  expect(JSON.stringify(lines)).not.toMatch(/correct|horse/);
  expect(lines[0]).toMatchObject({ text: 'no connection with [secret]' });
  expect(lines[1]).toMatchObject({ request: { path: '/?p=[secret]' } });
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
