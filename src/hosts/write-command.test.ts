import { expect, test } from 'vitest';
import { runBriefly } from '../kernel/subprocess.ts';
import { writeCommand } from './write-command.ts';

const INPUT = { variable: 'RELEASE', option: '--to', title: 'Number' };

/** The words that the program gets when a shell reads the line. */
async function wordsOf(line: string, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const script = `slipway() { for word; do printf '%s\\n' "<$word>"; done; }; ${line}`;
  const { stdout } = await runBriefly({
    program: 'sh',
    args: ['-c', script],
    cwd: '/',
    env: { PATH: '/bin:/usr/bin', ...env },
  });
  return stdout.trim().split('\n');
}

test('every word of the command arrives as it is', async () => {
  const command = ['run', "it's", '$HOME', 'a b', '`id`', ''];
  expect(await wordsOf(writeCommand({ command, input: null }, null), {})).toEqual(command.map((word) => `<${word}>`));
});

test('what a person has written arrives as one word behind its option, and nothing when it is empty', async () => {
  const line = writeCommand({ command: ['rollback', 'staging'], input: INPUT }, null);
  expect(await wordsOf(line, {})).toEqual(['<rollback>', '<staging>']);
  expect(await wordsOf(line, { RELEASE: '' })).toEqual(['<rollback>', '<staging>']);
  expect(await wordsOf(line, { RELEASE: '7; "$(id)" x' })).toEqual([
    '<rollback>',
    '<staging>',
    '<--to>',
    '<7; "$(id)" x>',
  ]);
});

test('an approval by the host is said only where its gate was passed', async () => {
  const line = writeCommand({ command: ['deploy', 'a', '--approved-by-host'], input: null }, 'PASSED');
  expect(await wordsOf(line, {})).toEqual(['<deploy>', '<a>']);
  expect(await wordsOf(line, { PASSED: 'yes' })).toEqual(['<deploy>', '<a>', '<--approved-by-host>']);
});
