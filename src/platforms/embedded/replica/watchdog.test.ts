import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../kernel/workspace.ts';
import { DEADLINE_LINE, MEMORY_LINE } from './watchdog.ts';

const folder = temporaryFolder('slipway-watchdog-');
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string) => JSON.stringify(join(import.meta.dirname, name));

/** What a process says and which signal ends it whose one request blocks it for two seconds. */
function watched(bounds: {
  deadline: number;
  resident: number;
}): Promise<readonly [said: string, signal: string | null]> {
  const program = `
    import { pathToFileURL } from 'node:url';
    import { startWatchdog } from ${file('watchdog.ts')};
    const watchdog = startWatchdog(${JSON.stringify(bounds)}, pathToFileURL(${file('main.ts')}));
    await watchdog.watching;
    watchdog.begin('GET /ok');
    watchdog.end();
    watchdog.begin('GET /long');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
    watchdog.end();`;
  return new Promise((resolve) => {
    const path = join(folder, `${bounds.deadline}-${bounds.resident}.mjs`);
    writeFileSync(path, program);
    const child = spawn(process.execPath, [path]);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece));
    child.on('close', (_code, signal) => resolve([said, signal]));
  });
}

const GIBIBYTE = 1024 ** 3;

test('a request that runs too long ends the process, with its name', async () => {
  const line = `${DEADLINE_LINE}: GET /long ran longer than 200 ms\n`;
  expect(await watched({ deadline: 200, resident: GIBIBYTE })).toEqual([line, 'SIGKILL']);
});

test('a process that holds too much memory is ended', async () => {
  const [said, signal] = await watched({ deadline: 60_000, resident: 1024 });
  expect([said.startsWith(`${MEMORY_LINE}: the process holds `), signal]).toEqual([true, 'SIGKILL']);
});

test('within its bounds the process goes on, and ends when it has nothing to do', async () => {
  expect(await watched({ deadline: 60_000, resident: 4 * GIBIBYTE })).toEqual(['', null]);
});
