import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tidyOutput } from './output-files.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-output-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const BOUNDS = { size: 10, ended: 1 };

test('a file that has grown too large is set aside and goes on empty', () => {
  const path = join(folder, '1-aa.stdout.log');
  writeFileSync(path, 'eleven bytes');
  tidyOutput(folder, new Set(['1-aa']), BOUNDS);
  appendFileSync(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('eleven bytes');
});

test('of replicas that have ended only the newest output stays; other files are left alone', () => {
  for (const [index, id] of ['1-aa', '1-bb', '1-cc'].entries()) {
    for (const stream of ['stdout', 'stderr']) {
      const path = join(folder, `${id}.${stream}.log`);
      writeFileSync(path, 'x');
      utimesSync(path, 1000 + index, 1000 + index);
    }
  }
  writeFileSync(join(folder, 'requests.ndjson'), 'much more than ten bytes');
  tidyOutput(folder, new Set(['1-aa']), BOUNDS);
  expect(readdirSync(folder).sort()).toEqual([
    '1-aa.stderr.log',
    '1-aa.stdout.log',
    '1-cc.stderr.log',
    '1-cc.stdout.log',
    'requests.ndjson',
  ]);
});
