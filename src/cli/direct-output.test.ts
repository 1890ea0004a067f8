import { execFileSync, spawnSync } from 'node:child_process';
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

test('when the reader has gone, what is left is said to nobody and nothing breaks', () => {
  const script = `
    import { directOutput } from ${JSON.stringify(join(import.meta.dirname, 'direct-output.ts'))};
    const write = directOutput(1);
    for (let line = 0; line < 20000; line += 1) write('a line that is longer than what head wants to see\\n');
    process.stderr.write('went on');
  `;
  const command = '"$0" --input-type=module --eval "$1" | head -n 1';
  const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' });
  expect(stdout.split('\n')).toHaveLength(2);
  expect(stderr).toBe('went on');
});
