import * as fc from 'fast-check';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../kernel/workspace.ts';
import { createLineWriter, LONGEST_LINE } from './line-writer.ts';

const folder = temporaryFolder('slipway-lines-');
afterAll(() => rmSync(folder, { recursive: true }));

/** What is in the file after the work, and what was in it before the last line was flushed. */
function written(work: (write: (text: string) => void) => void) {
  const path = join(folder, 'out.log');
  const to = openSync(path, 'w');
  const lines: string[] = [];
  const writer = createLineWriter({ to, onLine: (line) => lines.push(line) });
  work((text) => writer.write(Buffer.from(text)));
  const before = readFileSync(path, 'utf8');
  writer.flush();
  closeSync(to);
  return { before, after: readFileSync(path, 'utf8'), lines };
}

test('only whole lines are written until the end', () => {
  const { before, after, lines } = written((write) => ['a', 'b\nc', '\n\nd'].forEach(write));
  expect([before, after]).toEqual(['ab\nc\n\n', 'ab\nc\n\nd\n']);
  expect(lines).toEqual(['ab', 'c', '', 'd']);
});

test('whatever the pieces, the text is the same', () => {
  const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'ä', '\n', '\r') }));
  const property = fc.property(pieces, (given) => {
    const all = given.join('');
    const { after } = written((write) => given.forEach((piece) => write(piece)));
    expect(after).toBe(all === '' || all.endsWith('\n') ? all : `${all}\n`);
  });
  fc.assert(property, { numRuns: 50 });
});

test('a line without end is cut and the next one is whole', () => {
  const { after } = written((write) => {
    for (let count = 0; count < 100; count += 1) write('x'.repeat(1000));
    write('\nnext\n');
  });
  expect(after).toBe(`${'x'.repeat(LONGEST_LINE)} [cut]\nnext\n`);
});

test('nobody who reads does not stop the service', () => {
  const writer = createLineWriter({ to: 999_999 });
  expect(() => writer.write(Buffer.from('lost\n'))).not.toThrow();
});
