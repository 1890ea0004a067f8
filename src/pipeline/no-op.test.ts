/** The promise of issue 3, "No-op": nothing runs again without a reason, and everything that has one does. */

import {
  chmodSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hexOf, sha256, type Digest } from '../kernel/digest.ts';
import { account, createRig, type Rig, shell } from './pipeline-rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = createRig();
  rig.write('src/main.txt', 'hello\n');
  rig.write('.gitignore', 'local.cfg\n');
  rig.write('local.cfg', 'one\n');
  rig.write('run.sh', 'echo hi\n');
  rig.environment['LEVEL'] = 'z';
});
afterEach(() => rig.remove());

const tasks = (compiler = 'cc 1.0') => [
  shell('check/lint', 'cat local.cfg', { files: ['local.cfg'] }),
  shell('build/compile', 'cat src/main.txt; echo "$LEVEL"; tr a-z A-Z <src/main.txt >"$OUT/module"', {
    files: ['src'],
    fingerprint: {
      environment: ['LEVEL'],
      tools: [{ name: 'cc', identity: compiler }],
      settings: { level: 1, x: [2] },
    },
  }),
  shell('build/tool', 'sh run.sh >"$OUT/tool"', { files: ['run.sh'] }),
  shell('test/unit', 'cat "$1/module"', { needs: ['build/compile'] }),
  shell('package/image', 'cat "$1/module" "$2/tool" >"$OUT/image"', { needs: ['build/compile', 'build/tool'] }),
];

function objectPath(cache: string, digest: Digest): string {
  const hex = hexOf(digest);
  return join(cache, 'objects', hex.slice(0, 2), hex.slice(2));
}

const ALL_CACHED = {
  'check/lint': 'cached',
  'build/compile': 'cached',
  'build/tool': 'cached',
  'test/unit': 'cached',
  'package/image': 'cached',
};

test('the first run runs every task, and says so', async () => {
  const first = await rig.run(tasks());
  expect(first.outcome).toBe('passed');
  expect(new Set(Object.values(account(first)))).toEqual(new Set(['ran: first run']));
});

describe('after a run that passed', () => {
  beforeEach(async () => {
    await rig.run(tasks());
  });

  test('a second one runs no task, writes no log and makes no folder', async () => {
    const trees = readdirSync(join(rig.cache.folder, 'trees'));
    const logs = readdirSync(join(rig.folder, 'logs'));
    const second = await rig.run(tasks());
    expect(account(second)).toEqual(ALL_CACHED);
    expect(readdirSync(join(rig.cache.folder, 'trees'))).toEqual(trees);
    expect(readdirSync(join(rig.folder, 'logs'))).toEqual(logs);
    expect(second.events.map(({ kind }) => kind)).not.toContain('task.started');
  });

  test('touching every file without changing it runs nothing', async () => {
    for (const path of ['src/main.txt', 'local.cfg', 'run.sh']) utimesSync(join(rig.project, path), 1e9, 1e9);
    expect(account(await rig.run(tasks()))).toEqual(ALL_CACHED);
  });

  test('an environment variable that one task reads makes that task run, and those whose input it changes', async () => {
    rig.environment['LEVEL'] = 's';
    rig.environment['UNREAD'] = 'whatever';
    expect(account(await rig.run(tasks()))).toEqual({
      ...ALL_CACHED,
      // It prints the variable, so its value is another, so the dependants' input is.
      'build/compile': 'ran: environment variable LEVEL changed',
      'test/unit': 'ran: output of build/compile changed',
      'package/image': 'ran: output of build/compile changed',
    });
    rig.environment['LEVEL'] = undefined;
    const unset = account(await rig.run(tasks()));
    expect(unset['build/compile']).toMatch(/^failed: exit 2/); // `sh -u` does not like it
    rig.environment['LEVEL'] = '';
    expect(account(await rig.run(tasks()))['build/compile']).toBe('ran: environment variable LEVEL is set now');
  });

  test("a file's mode makes the task run that reads the file", async () => {
    chmodSync(join(rig.project, 'run.sh'), 0o755);
    expect(account(await rig.run(tasks()))).toEqual({ ...ALL_CACHED, 'build/tool': 'ran: mode of run.sh changed' });
  });

  test('an input that git ignores makes the task run that reads it', async () => {
    rig.write('local.cfg', 'two\n');
    expect(account(await rig.run(tasks()))).toEqual({ ...ALL_CACHED, 'check/lint': 'ran: file local.cfg changed' });
  });

  test('a change of equal length in the same second, with the old time put back, is seen', async () => {
    const path = join(rig.project, 'local.cfg');
    const { mtime, atime } = statSync(path);
    writeFileSync(path, 'eno\n');
    utimesSync(path, atime, mtime);
    expect(account(await rig.run(tasks()))).toEqual({ ...ALL_CACHED, 'check/lint': 'ran: file local.cfg changed' });
  });

  test('another tool makes the task run that uses it, and its dependants stay when its output is equal', async () => {
    expect(account(await rig.run(tasks('cc 1.1')))).toEqual({
      ...ALL_CACHED,
      'build/compile': 'ran: tool cc is another',
    });
  });

  test('new, removed and linked files are reasons', async () => {
    rig.write('src/b.txt', 'b');
    expect(account(await rig.run(tasks()))['build/compile']).toBe('ran: file src/b.txt is new');
    rmSync(join(rig.project, 'src/b.txt'));
    expect(account(await rig.run(tasks()))['build/compile']).toBe('cached');
    const target = rig.write('elsewhere/c.txt', 'c');
    symlinkSync(target, join(rig.project, 'src/c.txt'));
    expect(account(await rig.run(tasks()))['build/compile']).toBe('ran: file src/c.txt is new');
    rig.write('elsewhere/c.txt', 'what it leads to');
    expect(account(await rig.run(tasks()))['build/compile']).toBe('ran: file src/c.txt changed');
    rig.write('src/late.txt', 'l');
    rig.write('src/target/ignored.txt', 'excluded by name');
    rmSync(join(rig.project, 'src/c.txt'));
    expect(account(await rig.run(tasks()))['build/compile']).toBe('ran: file src/c.txt is gone and 1 more');
  });

  test('a changed setting is named', async () => {
    const [compile] = tasks().slice(1);
    if (compile === undefined) throw new Error('no task');
    const changed = { ...compile, fingerprint: { ...compile.fingerprint, settings: { level: 2, x: [2] } } };
    expect(account(await rig.run([changed]))).toEqual({ 'build/compile': 'ran: setting level changed' });
  });

  test.each<[string, (path: string) => void, string]>([
    ['tampered', (path) => writeFileSync(path, 'EVIL!\n'), 'module was changed'],
    ['truncated', (path) => truncateSync(path, 2), 'module was changed'],
    ['removed', (path) => rmSync(path), 'module is gone'],
    ['made executable', (path) => chmodSync(path, 0o755), 'module was changed'],
  ])('a cached output that was %s is made again, and nothing else', async (_how, damage, what) => {
    damage(objectPath(rig.cache.folder, sha256('HELLO\n')));
    expect(account(await rig.run(tasks()))).toEqual({
      ...ALL_CACHED,
      'build/compile': `ran: cached output was damaged (${what})`,
    });
    expect(account(await rig.run(tasks()))).toEqual(ALL_CACHED);
  });
});
