import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { expectNoLeftovers, leftoversOf } from '../leftovers.ts';

const folder = temporaryFolder('slipway-leftovers-');
afterAll(() => rmSync(folder, { recursive: true }));

test('a process that a test has left behind is found, named and ended, wherever it hides the folder', async () => {
  const hidden = spawn('sleep', ['60'], { env: { SLIPWAY_HOME: folder }, detached: true, stdio: 'ignore' });
  const open = spawn('tail', ['-f', `${folder}/x`, '/dev/null'], { env: {}, detached: true, stdio: 'ignore' });
  const ended = Promise.all([hidden, open].map((child) => new Promise((resolve) => child.on('exit', resolve))));
  await expect(expectNoLeftovers(folder, 100)).rejects.toThrow(/left behind: .*sleep 60.*tail -f/);
  await ended;
  expect(leftoversOf(folder)).toEqual([]);
});

test('nothing left is no offence', async () => {
  await expect(expectNoLeftovers(folder, 0)).resolves.toBeUndefined();
});
