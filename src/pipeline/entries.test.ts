import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryJournal } from '../journal/index.ts';
import { createManualClock } from '../kernel/clock.ts';
import { entriesOf, runSubject } from './entries.ts';
import { createRig, type Rig, shell, task } from './pipeline-rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = createRig();
});
afterEach(() => rig.remove());

test('a run is in the journal from beginning to end, without its output, and each event once', async () => {
  const tasks = [shell('check/lint', 'echo chatter'), task('build/module', { needs: ['check/lint'] })];
  await rig.run([tasks[0] ?? task('check/none')]);
  const run = await rig.run(tasks);
  const journal = createMemoryJournal(createManualClock(0));
  for (const event of [...run.events, ...run.events]) journal.append(entriesOf(event));
  const entries = journal.read({ subject: runSubject(run.id) });
  expect(entries.map(({ kind }) => kind)).toEqual([
    'run.started',
    'task.finished',
    'task.started',
    'task.finished',
    'run.finished',
  ]);
  expect(entries[1]?.data).toMatchObject({ task: 'check/lint', outcome: 'cached', summary: 'chatter' });
  expect(entries[3]?.data).toMatchObject({ task: 'build/module', outcome: 'ran', why: 'first run', notKept: null });
  expect(entries[4]?.data).toMatchObject({
    outcome: 'passed',
    counts: { ran: 1, cached: 1, failed: 0, skipped: 0, cancelled: 0 },
  });
});
