import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createManualClock, systemClock } from '../kernel/clock.ts';
import { Fault } from '../kernel/fault.ts';
import { account, createRig, type Rig, shell, task } from './pipeline-rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = createRig();
});
afterEach(() => rig.remove());

const failing = (id: string) =>
  task(id, { run: async () => ({ kind: 'failed', summary: '2 failed', details: ['a', 'b'], hint: 'mend it' }) });

describe('when a task fails', () => {
  const graph = [
    failing('test/unit'),
    task('build/compile'),
    task('package/image', { needs: ['build/compile', 'test/unit'] }),
    task('deploy/local', { needs: ['package/image'] }),
  ];

  test('what does not need it goes on, what needs it is skipped and says why', async () => {
    const run = await rig.run(graph, { limit: 1 });
    expect(run.outcome).toBe('failed');
    expect(account(run)).toEqual({
      'test/unit': 'failed: 2 failed',
      'build/compile': 'ran: first run',
      'package/image': 'skipped: test/unit failed',
      'deploy/local': 'skipped: test/unit failed',
    });
    expect(run.results[0]).toMatchObject({ cause: 'outcome', details: ['a', 'b'], hint: 'mend it' });
  });

  test('with failFast everything else is stopped', async () => {
    const run = await rig.run([...graph, task('check/late')], { limit: 1, failFast: true });
    expect(account(run)).toMatchObject({
      'build/compile': 'cancelled: test/unit failed',
      'check/late': 'cancelled: test/unit failed',
    });
    expect(run.outcome).toBe('failed');
  });

  test('a failure is not kept: it runs again and says so', async () => {
    await rig.run([failing('test/unit')]);
    const again = await rig.run([failing('test/unit')]);
    expect(again.results[0]).toMatchObject({ kind: 'failed', why: [{ kind: 'failed-before' }] });
  });

  test('its output can not be opened', async () => {
    const run = await rig.run(graph);
    expect(() => run.openResult('test/unit')).toThrow(expect.objectContaining({ code: 'pipeline/no-output' }));
    expect(() => run.openResult('no/such')).toThrow(Fault);
  });
});

test('a task that throws a fault has failed with its message, code and hint', async () => {
  const run = await rig.run([
    task('build/compile', {
      run: async () => {
        throw new Fault({ code: 'toolchain/missing', kind: 'usage', message: 'There is no cc.', hint: 'Install cc.' });
      },
    }),
  ]);
  expect(run.results[0]).toMatchObject({
    kind: 'failed',
    cause: 'fault',
    code: 'toolchain/missing',
    summary: 'There is no cc.',
    hint: 'Install cc.',
  });
});

test('a bug in a task stops the others, is told, and is thrown when all have ended', async () => {
  let otherStopped = false;
  const buggy = task('build/compile', {
    run: async () => {
      await systemClock.sleep(20);
      throw new TypeError('x is not a function');
    },
  });
  const slow = task('test/unit', {
    run: async ({ signal }) => {
      await systemClock.sleep(10_000, signal).finally(() => {
        otherStopped = true;
      });
      return { kind: 'passed', value: null, summary: '' };
    },
  });
  const kinds: string[] = [];
  const run = rig.run([buggy, slow, task('scan/late', { needs: ['test/unit'] })], {
    limit: 2,
    onEvent: (event) =>
      kinds.push(event.kind === 'task.finished' ? `${event.result.task} ${event.result.kind}` : event.kind),
  });
  await expect(run).rejects.toThrow('x is not a function');
  expect(otherStopped).toBe(true);
  expect(kinds.slice(-4)).toEqual([
    'build/compile failed',
    'test/unit cancelled',
    'scan/late cancelled',
    'run.finished',
  ]);
});

test('an observer that throws is a bug, and leaves nothing running', async () => {
  const run = rig.run([task('build/compile'), task('test/unit', { needs: ['build/compile'] })], {
    onEvent: (event) => {
      if (event.kind === 'task.started') throw new RangeError('observer');
    },
  });
  await expect(run).rejects.toThrow('observer');
});

test('a task that takes too long is told to stop and has failed, also when it then says that it passed', async () => {
  const clock = createManualClock();
  const run = rig.run(
    [
      task('test/unit', {
        timeout: 60_000,
        run: ({ signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve({ kind: 'passed', value: null, summary: 'fine' }));
            void Promise.resolve().then(() => clock.advance(60_001));
          }),
      }),
    ],
    { clock },
  );
  expect(account(await run)).toEqual({ 'test/unit': 'failed: took longer than 1m' });
});

test('a task that does not even stop when told to is given up', async () => {
  const clock = createManualClock();
  const run = rig.run(
    [
      task('test/unit', {
        timeout: 1000,
        run: () => new Promise(() => void clock.advance(1000).then(() => clock.advance(10_000))),
      }),
    ],
    { clock },
  );
  expect(account(await run)).toEqual({ 'test/unit': 'failed: took longer than 1s and did not stop when told to' });
});

test('a cancelled run ends every process that it started, also the children of children', async () => {
  const controller = new AbortController();
  const pids = join(rig.folder, 'pids');
  const script = `(sleep 300 & echo $! >>'${pids}'; wait) & echo $! >>'${pids}'; echo $$ >>'${pids}'
    until [ "$(wc -l <'${pids}')" -eq 3 ]; do sleep 0.01; done; echo up; wait`;
  const run = await rig.run([shell('test/e2e', script), task('deploy/local', { needs: ['test/e2e'] })], {
    signal: controller.signal,
    onEvent: ({ kind }) => {
      if (kind === 'task.output') controller.abort(new Error('interrupted'));
    },
  });
  expect(run.outcome).toBe('cancelled');
  expect(account(run)).toEqual({ 'test/e2e': 'cancelled: interrupted', 'deploy/local': 'cancelled: interrupted' });
  const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  expect(started).toHaveLength(3);
  for (const pid of started) expect(isRunning(pid)).toBe(false);
});

/** A zombie that waits for its parent is no running process. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  } catch {
    return false;
  }
}

test('a task gets the variables that it names and no others, and a log file of its own', async () => {
  rig.environment['NAMED'] = 'n';
  rig.environment['OTHER'] = 'o';
  const run = await rig.run([
    shell('check/env', 'echo "${NAMED} ${OTHER-none} ${UNSET-none}"', {
      fingerprint: { environment: ['NAMED', 'UNSET'] },
    }),
  ]);
  expect(run.openResult('check/env').value).toBe('n none none\n');
  const [result] = run.results;
  if (result?.kind !== 'ran') throw new Error('it did not run');
  expect(result.log).toBe(join(rig.folder, 'logs', run.id, 'check/env.log'));
  expect(readFileSync(result.log, 'utf8')).toBe(
    'check/env: check/env\nruns because: first run\nn none none\nran: n none none\n',
  );
});

test('nothing of the value of an environment variable is stored', async () => {
  rig.environment['TOKEN'] = 'correct-horse-battery';
  await rig.run([task('scan/audit', { fingerprint: { environment: ['TOKEN'] } })]);
  const found = await rig.run([shell('check/grep', `grep -rl correct-horse '${rig.folder}' || echo nothing`)]);
  expect(found.openResult('check/grep').value).toBe('nothing\n');
});

test('a task must name whose results it uses, also when they are there', async () => {
  const curious = task('test/b', {
    run: async ({ need }) => ({ kind: 'passed', value: need('build/a').value, summary: '' }),
  });
  const run = rig.run([task('build/a'), curious], { limit: 1 });
  await expect(run).rejects.toThrow('test/b uses build/a without naming it in its needs');
});

test('a result is not kept when an input changed while the task ran, even if it was changed back', async () => {
  rig.write('in.txt', 'before');
  const disturbed = task('build/compile', {
    files: ['in.txt'],
    run: async () => {
      // Longer than a tick of the file system's clock.
      await systemClock.sleep(20);
      rig.write('in.txt', 'during');
      rig.write('in.txt', 'before');
      return { kind: 'passed', value: null, summary: '' };
    },
  });
  expect(account(await rig.run([disturbed]))['build/compile']).toBe(
    'ran: first run (not kept: in.txt changed while it ran)',
  );
  const calm = task('build/compile', { files: ['in.txt'] });
  expect(account(await rig.run([calm]))['build/compile']).toBe('ran: an input changed while it ran the last time');
  expect(account(await rig.run([calm]))['build/compile']).toBe('cached');
});

test('a task that runs every time does, and its dependants only when its result is another', async () => {
  let answer = 'same';
  const tasks = [
    task('scan/audit', { always: true, run: async () => ({ kind: 'passed', value: answer, summary: answer }) }),
    task('package/report', { needs: ['scan/audit'] }),
  ];
  await rig.run(tasks);
  expect(account(await rig.run(tasks))).toEqual({
    'scan/audit': 'ran: runs every time (not kept: it runs every time)',
    'package/report': 'cached',
  });
  answer = 'other';
  expect(account(await rig.run(tasks))['package/report']).toBe('ran: output of scan/audit changed');
});

test('the output folder of a task is gone when the next one runs', async () => {
  const neighbours = async ({ output }: { output: string }) => {
    writeFileSync(join(output, 'file'), output);
    return { kind: 'passed', value: readdirSync(dirname(output)).length, summary: '' } as const;
  };
  const tasks = [task('build/a', { run: neighbours }), task('build/b', { run: neighbours, needs: ['build/a'] })];
  expect((await rig.run(tasks)).openResult('build/b').value).toBe(1);
});

test('an output comes back as it was left: executables, links, empty folders', async () => {
  const build = task('build/tree', {
    run: async ({ output }) => {
      mkdirSync(join(output, 'bin/empty'), { recursive: true });
      writeFileSync(join(output, 'bin/tool'), '#!/bin/sh\n');
      chmodSync(join(output, 'bin/tool'), 0o700);
      writeFileSync(join(output, 'plain'), '#!/bin/sh\n');
      symlinkSync('bin/tool', join(output, 'link'));
      return { kind: 'passed', value: null, summary: '' };
    },
  });
  await rig.run([build]);
  const { output } = (await rig.run([build])).openResult('build/tree');
  expect(lstatSync(join(output, 'bin/tool')).mode & 0o777).toBe(0o555);
  expect(lstatSync(join(output, 'plain')).mode & 0o777).toBe(0o444);
  expect(lstatSync(join(output, 'bin/empty')).isDirectory()).toBe(true);
  expect(readlinkSync(join(output, 'link'))).toBe('bin/tool');
});

test.each([['/etc/hostname'], ['../secret']])('an output with a link out of itself (%s) is refused', async (target) => {
  const leaking = task('build/leak', {
    run: async ({ output }) => {
      symlinkSync(target, join(output, 'link'));
      return { kind: 'passed', value: null, summary: '' };
    },
  });
  const run = await rig.run([leaking]);
  expect(run.results[0]).toMatchObject({ kind: 'failed', code: 'pipeline/output-refused' });
});

test('an opened output that was tampered with is made whole from the store when it is opened again', async () => {
  const build = shell('build/compile', 'printf content >"$OUT/file"; printf other >"$OUT/second"');
  const { output } = (await rig.run([build])).openResult('build/compile');
  writeFileSync(join(output, 'zz-planted'), 'evil');
  const again = (await rig.run([build])).openResult('build/compile');
  expect(again.output).toBe(output);
  expect(existsSync(join(output, 'zz-planted'))).toBe(false);
  expect(readFileSync(join(output, 'file'), 'utf8')).toBe('content');
});
