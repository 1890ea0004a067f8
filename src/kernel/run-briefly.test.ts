import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { runBriefly } from './subprocess.ts';

const sh = (script: string, more: { timeout?: number; signal?: AbortSignal } = {}) =>
  runBriefly({ program: 'sh', args: ['-c', script], cwd: tmpdir(), env: { PATH: process.env['PATH'] ?? '' }, ...more });

test('a brief program gives its output and exit code, whatever that is', async () => {
  const finished = await sh('echo out; echo err >&2; exit 3');
  expect(finished).toEqual({ exitCode: 3, signal: null, stdout: 'out\n', stderr: 'err\n', ended: 'itself' });
});

test('a program that is not there is a fault that names it', async () => {
  const gone = runBriefly({ program: 'no-such-program', args: [], cwd: tmpdir(), env: { PATH: '/nowhere' } });
  await expect(gone).rejects.toMatchObject({
    code: 'subprocess/not-found',
    hint: expect.stringContaining('no-such-program'),
  });
});

test('a brief program that is not brief is killed', async () => {
  expect(await sh('exec sleep 20', { timeout: 50 })).toMatchObject({
    exitCode: null,
    signal: 'SIGKILL',
    ended: 'timeout',
  });
  expect(await sh('exec sleep 20', { signal: AbortSignal.timeout(50) })).toMatchObject({ ended: 'cancelled' });
});
