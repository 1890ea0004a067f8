import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { hexOf, sha256 } from '../kernel/digest.ts';
import { type Cache, createCache } from './cache.ts';
import type { KeptResult } from './cache-records.ts';
import { account, createRig, type Rig, task } from './pipeline-rig.ts';
import { signatureOf } from './stat-signature.ts';

let rig: Rig;
beforeEach(() => {
  rig = createRig();
});
afterEach(() => rig.remove());

const HOUR = 3_600_000;
const LARGE = 'x'.repeat(100_000);

function keep(cache: Cache, name: string, files: Readonly<Record<string, string>>): KeptResult {
  const output = join(rig.folder, 'outputs', name);
  mkdirSync(output, { recursive: true });
  for (const [path, content] of Object.entries(files)) writeFileSync(join(output, path), content);
  const result = cache.take(output, { task: `build/${name}`, value: name, summary: name, ranAt: 0, duration: 1 });
  cache.record(sha256(name), result);
  return result;
}

/** Longer than the coarsest tick of the file system's clock on Linux. */
const aTick = () => systemClock.sleep(20);

function objectOf(content: string): string {
  const hex = hexOf(sha256(content));
  return join(rig.cache.folder, 'objects', hex.slice(0, 2), hex.slice(2));
}

describe('a kept result', () => {
  test('is found with all its files, read-only, and not under another fingerprint', () => {
    const kept = keep(rig.cache, 'a', { one: '1', two: LARGE });
    expect(rig.cache.find(sha256('a'))).toEqual({ kind: 'hit', result: kept });
    expect(rig.cache.find(sha256('b'))).toEqual({ kind: 'miss' });
    expect(statSync(objectOf(LARGE)).mode & 0o777).toBe(0o444);
  });

  test('is not found when its record was edited', () => {
    keep(rig.cache, 'a', { one: '1' });
    const record = join(rig.cache.folder, 'results', hexOf(sha256('a')));
    writeFileSync(record, readFileSync(record, 'utf8').replace('"summary":"a"', '"summary":"A"'));
    expect(rig.cache.find(sha256('a'))).toEqual({ kind: 'damaged', what: 'its record was changed' });
  });

  test('with a large file is not found when that was tampered with, even with length and time put back', async () => {
    keep(rig.cache, 'a', { two: LARGE });
    await aTick();
    const { atime, mtime } = statSync(objectOf(LARGE));
    chmodSync(objectOf(LARGE), 0o644);
    writeFileSync(objectOf(LARGE), `${LARGE.slice(1)}y`);
    utimesSync(objectOf(LARGE), atime, mtime);
    chmodSync(objectOf(LARGE), 0o444);
    expect(rig.cache.find(sha256('a'))).toEqual({ kind: 'damaged', what: 'two was changed' });
    expect(existsSync(objectOf(LARGE))).toBe(false);
  });

  test('with a large file that is untouched is found without reading it, also after it was opened as a folder', () => {
    // That it is not read is seen by damage that is hidden from the file system's evidence: reading would find it.
    const kept = keep(rig.cache, 'a', { two: LARGE });
    rig.cache.open(kept);
    const object = objectOf(LARGE);
    const evidence = object.replace('/objects/', '/verified/');
    expect(readFileSync(evidence, 'utf8')).toBe(signatureOf(lstatSync(object, { bigint: true })));
    writeFileSync(object, `${LARGE.slice(1)}y`);
    writeFileSync(evidence, signatureOf(lstatSync(object, { bigint: true })));
    expect(rig.cache.find(sha256('a')).kind).toBe('hit');
    writeFileSync(evidence, 'lost');
    expect(rig.cache.find(sha256('a')).kind).toBe('damaged');
  });

  test('with a large file is read again until nobody can have changed it within a tick of the clock', () => {
    keep(rig.cache, 'a', { two: LARGE });
    const evidence = objectOf(LARGE).replace('/objects/', '/verified/');
    writeFileSync(evidence, 'lost');
    expect(rig.cache.find(sha256('a')).kind).toBe('hit');
    expect(readFileSync(evidence, 'utf8')).toBe('lost');
    const later = createCache({
      folder: rig.cache.folder,
      clock: { ...systemClock, wall: () => systemClock.wall() + HOUR },
    });
    expect(later.find(sha256('a')).kind).toBe('hit');
    expect(readFileSync(evidence, 'utf8')).toBe(signatureOf(lstatSync(objectOf(LARGE), { bigint: true })));
  });

  test('has files of one and the same time, and one that is stored again is as good as new to pruning', async () => {
    keep(rig.cache, 'a', { two: LARGE });
    const first = lstatSync(objectOf(LARGE), { bigint: true });
    await aTick();
    const later = createCache({
      folder: rig.cache.folder,
      clock: { ...systemClock, wall: () => systemClock.wall() + 2 * HOUR },
    });
    keep(later, 'b', { two: LARGE });
    const second = lstatSync(objectOf(LARGE), { bigint: true });
    expect(new Date(Number(second.mtimeMs)).toISOString()).toBe('1980-01-01T00:00:00.000Z');
    expect(second.ino).toBe(first.ino);
    expect(second.ctimeNs).toBeGreaterThan(first.ctimeNs);
    expect(readFileSync(objectOf(LARGE).replace('/objects/', '/verified/'), 'utf8')).toBe(signatureOf(second));
  });

  test('shares equal files with others, and a file with another mode is another', () => {
    keep(rig.cache, 'a', { one: LARGE });
    keep(rig.cache, 'b', { other: LARGE });
    const tool = join(rig.folder, 'outputs', 'c');
    mkdirSync(tool);
    writeFileSync(join(tool, 'run'), LARGE, { mode: 0o755 });
    const result = rig.cache.take(tool, { task: 'build/c', value: null, summary: '', ranAt: 0, duration: 0 });
    expect(objects()).toEqual([objectOf(LARGE), `${objectOf(LARGE)}.x`]);
    expect(statSync(join(rig.cache.open(result), 'run')).mode & 0o777).toBe(0o555);
  });

  test('does not change with a file that has a second name', () => {
    const outside = join(rig.folder, 'outside');
    const output = join(rig.folder, 'outputs', 'linked');
    mkdirSync(output, { recursive: true });
    writeFileSync(outside, LARGE);
    linkSync(outside, join(output, 'file'));
    const result = rig.cache.take(output, { task: 'build/a', value: null, summary: '', ranAt: 0, duration: 0 });
    rig.cache.record(sha256('linked'), result);
    writeFileSync(outside, 'changed');
    expect(rig.cache.find(sha256('linked')).kind).toBe('hit');
  });
});

function objects(): string[] {
  const folder = join(rig.cache.folder, 'objects');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('/'))
    .map((name) => join(folder, name))
    .sort();
}

/** Every object is what its name says. */
function expectWholeObjects(): void {
  for (const path of objects()) {
    const name = path.slice(join(rig.cache.folder, 'objects').length).replaceAll('/', '').replace(/\.x$/, '');
    expect(hexOf(sha256(readFileSync(path)))).toBe(name);
  }
}

/** Runs TypeScript in a process of its own: `cache`, `rigRun` and `folder` are defined in it. */
function startScript(body: string, env: Record<string, string> = {}) {
  const script = `
    import { writeFileSync, mkdirSync } from 'node:fs';
    import { join } from 'node:path';
    import { systemClock as clock } from '${import.meta.dirname}/../kernel/clock.ts';
    import { sha256 } from '${import.meta.dirname}/../kernel/digest.ts';
    import { createCache, planPipeline, runPipeline } from '${import.meta.dirname}/index.ts';
    const folder = ${JSON.stringify(rig.folder)};
    const cache = createCache({ folder: join(folder, 'cache'), clock });
    ${body}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env },
  });
}

test('several processes that write the same and different results lose nothing and tear nothing', async () => {
  const writer = (who: number) => `
    for (let round = 0; round < 40; round += 1) {
      const output = join(folder, 'out', '${who}', String(round));
      mkdirSync(output, { recursive: true });
      writeFileSync(join(output, 'shared'), 's'.repeat(20_000 + round));
      writeFileSync(join(output, 'own'), '${who} ' + round);
      const name = 'result ' + round;
      const result = cache.take(output, { task: 'build/a', value: round, summary: '', ranAt: 0, duration: 0 });
      cache.record(sha256(name), result);
      cache.open(result);
      if (cache.find(sha256(name)).kind !== 'hit') process.exit(1);
    }`;
  const codes = await Promise.all(
    [1, 2, 3].map(async (who) => (await once(startScript(writer(who)), 'exit'))[0] as number),
  );
  expect(codes).toEqual([0, 0, 0]);
  for (let round = 0; round < 40; round += 1) expect(rig.cache.find(sha256(`result ${round}`)).kind).toBe('hit');
  expectWholeObjects();
  expect(readdirSync(join(rig.cache.folder, 'incoming'))).toEqual([]);
});

describe('a run that is killed', () => {
  const TASKS = ['a', 'b', 'c'];
  // The same tasks in the killed process and here, so that the one goes on where the other has ended.
  const define = `(name) => ({
    id: 'build/' + name, stage: 'build', title: name, needs: [], timeout: 60000,
    fingerprint: { files: { include: [], exclude: [] }, environment: [], tools: [], settings: null },
    run: async ({ output }) => {
      for (let index = 0; index < 4; index += 1) writeFileSync(join(output, name + index), (name + index).repeat(50_000));
      return { kind: 'passed', value: name, summary: name };
    },
  })`;
  const tasks = TASKS.map((name) =>
    task(`build/${name}`, {
      title: name,
      run: async ({ output }) => {
        for (let index = 0; index < 4; index += 1) {
          writeFileSync(join(output, name + index), (name + index).repeat(50_000));
        }
        return { kind: 'passed', value: name, summary: name };
      },
      fingerprint: { files: { include: [], exclude: [] } },
    }),
  );

  test.each(['pipeline/object-placed', 'pipeline/object-placed#6', 'pipeline/output-taken', 'pipeline/output-taken#2'])(
    'at %s leaves only whole results, and the next run goes on from there',
    async (point) => {
      const killed = startScript(
        `await runPipeline({ plan: planPipeline([${TASKS.map((name) => `(${define})('${name}')`).join()}]), cache,
           project: join(folder, 'project'), environment: {}, clock, logs: join(folder, 'logs'), limit: 1 });`,
        { SLIPWAY_FAILPOINT: point },
      );
      expect((await once(killed, 'exit'))[1]).toBe('SIGKILL');
      expectWholeObjects();
      const next = await rig.run(tasks);
      expect(next.outcome).toBe('passed');
      const done = point === 'pipeline/object-placed' || point === 'pipeline/output-taken' ? 0 : 1;
      expect(Object.values(account(next)).filter((how) => how === 'cached')).toHaveLength(done);
      expect(new Set(Object.values(account(await rig.run(tasks))))).toEqual(new Set(['cached']));
      // What the killed run was making is gone too.
      expect(readdirSync(join(rig.cache.folder, 'work'))).toEqual([]);
    },
  );
});

describe('pruning', () => {
  test('takes the results that were used least recently, and their files and folders', () => {
    let now = systemClock.wall();
    const cache = createCache({ folder: rig.cache.folder, clock: { ...systemClock, wall: () => now } });
    const [old, used] = [
      keep(cache, 'old', { file: LARGE }),
      keep(cache, 'used', { file: `${LARGE}!`, both: 'small' }),
    ];
    const tree = cache.open(old);
    now += 3 * HOUR;
    expect(cache.find(sha256('used')).kind).toBe('hit');
    now += 3 * HOUR;
    expect(cache.prune(150_000)).toEqual({ results: 1, freed: LARGE.length, left: LARGE.length + 6 });
    expect(cache.find(sha256('old')).kind).toBe('miss');
    expect(cache.find(sha256('used'))).toEqual({ kind: 'hit', result: used });
    expect(existsSync(tree)).toBe(false);
    expect(existsSync(objectOf(LARGE))).toBe(false);
  });

  test('never takes what was made or used within the last two hours, whatever the limit', () => {
    keep(rig.cache, 'new', { file: LARGE });
    const output = join(rig.folder, 'outputs', 'unrecorded');
    mkdirSync(output);
    writeFileSync(join(output, 'file'), 'another process is about to record this');
    rig.cache.take(output, { task: 'build/b', value: null, summary: '', ranAt: 0, duration: 0 });
    expect(rig.cache.prune(0)).toEqual({ results: 0, freed: 0, left: LARGE.length + 39 });
    expect(rig.cache.find(sha256('new')).kind).toBe('hit');
  });

  test('keeps what the report needs to say why, and what an old object is needed for again', async () => {
    let now = systemClock.wall();
    const clock = { ...systemClock, wall: () => now };
    const cache = createCache({ folder: rig.cache.folder, clock });
    rig.write('in.txt', 'one');
    const tasks = [task('build/a', { files: ['in.txt'] })];
    await rig.run(tasks, { cache, clock });
    now += 5 * HOUR;
    expect(cache.prune(0).results).toBe(0); // its output is empty: it takes no room
    rig.write('in.txt', 'two');
    expect(account(await rig.run(tasks, { cache, clock }))['build/a']).toBe('ran: file in.txt changed');
  });
});
