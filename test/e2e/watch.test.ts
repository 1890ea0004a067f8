/** `slipway status --watch` goes on until it is interrupted, and shows what happens meanwhile. */

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { until } from '../rigs/agent-rig.ts';
import { createServingRig } from '../rigs/engine-rig.ts';

test('watching shows what happens until it is interrupted', async () => {
  const home = temporaryFolder('slipway-watch-');
  const rig = await createServingRig();
  const told = rig.journal.read();
  const journal = openSqliteJournal({ path: join(home, 'slipway.db'), clock: systemClock });
  journal.append(told);
  const slipway = join(import.meta.dirname, '../../bin/slipway');
  const child = spawn(slipway, ['status', 'herald/local', '--watch'], {
    env: { ...process.env, SLIPWAY_HOME: home },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let shown = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (shown += piece));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));

  await until(() => Promise.resolve(shown.includes('healthy')));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(child.exitCode).toBeNull();
  await rig.deploy(2);
  journal.append(rig.journal.read({ after: told.length }));
  await until(() => Promise.resolve(shown.includes('paused')), 5000);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  journal.close();
  rmSync(home, { recursive: true });
});
