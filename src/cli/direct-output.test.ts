import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { directOutput } from './direct-output.ts';

test('a descriptor that takes a few bytes at a time gets all of them in order', () => {
  const taken: number[] = [];
  const write = directOutput(1, (_descriptor, bytes) => {
    const piece = Buffer.from(bytes as Uint8Array).subarray(0, 3);
    taken.push(...piece);
    return piece.length;
  });
  write('● first\n');
  write('second\n');
  expect(Buffer.from(taken).toString()).toBe('● first\nsecond\n');
});

test('one that would make us wait is left to a stream, with nothing lost or overtaken', () => {
  const script = `
    import { writeSync } from 'node:fs';
    import { directOutput } from ${JSON.stringify(join(import.meta.dirname, 'direct-output.ts'))};
    let calls = 0;
    const write = directOutput(1, (descriptor, bytes) => {
      calls += 1;
      if (calls === 2) throw Object.assign(new Error('not now'), { code: 'EAGAIN' });
      return writeSync(descriptor, bytes.subarray(0, 4));
    });
    write('one two three\\n');
    write('four\\n');
    process.stdout.write(String(calls));
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  expect(said).toBe('one two three\nfour\n2');
});
