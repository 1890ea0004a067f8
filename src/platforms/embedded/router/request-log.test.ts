import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRequestLog, type RequestRecord } from './request-log.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-request-log-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function record(id: string): RequestRecord {
  return { at: 1, id, method: 'GET', path: '/', status: 200, release: 1, replica: 'a', ms: 1, outcome: 'ok' };
}

test('each environment has a file of its own, one line per request in order', async () => {
  const log = openRequestLog({ folder });
  for (const id of ['1', '2']) log.write('greeter/local', record(id));
  log.write('greeter/staging', record('3'));
  await log.close();
  expect(readdirSync(folder).sort()).toEqual(['greeter.local', 'greeter.staging']);
  const text = readFileSync(join(folder, 'greeter.local', 'requests.ndjson'), 'utf8');
  expect(text).toBe(`${JSON.stringify(record('1'))}\n${JSON.stringify(record('2'))}\n`);
});

test('a file that has grown too large is set aside, and one such file is kept', async () => {
  for (const id of ['1', '2', '3']) {
    const log = openRequestLog({ folder, rotateAt: 10 });
    log.write('greeter/local', record(id));
    await log.close();
  }
  const logs = join(folder, 'greeter.local');
  expect(readdirSync(logs)).toEqual(['requests.1.ndjson']);
  expect(readFileSync(join(logs, 'requests.1.ndjson'), 'utf8')).toContain('"id":"3"');
});

test('a folder that can not be written stops nothing', async () => {
  const occupied = join(folder, 'a-file');
  writeFileSync(occupied, '');
  const log = openRequestLog({ folder: occupied });
  log.write('greeter/local', record('1'));
  await expect(log.close()).resolves.toBeUndefined();
});
