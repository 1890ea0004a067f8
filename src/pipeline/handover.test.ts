import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { canonicalJson, digestOfJson, hexOf, sha256 } from '../kernel/digest.ts';
import { runBriefly } from '../kernel/subprocess.ts';
import { giveHandover, takeHandover } from './handover.ts';
import { writeArchive } from './handover-archive.ts';
import { account, createRig, type Rig, shell } from './pipeline-rig.ts';

let jobs: Rig[] = [];
/** A machine of its own: another folder, another cache. */
function job(): Rig {
  const rig = createRig();
  jobs.push(rig);
  rig.write('src/main.rs', 'fn main() {}');
  return rig;
}
beforeEach(() => {
  jobs = [];
});
afterEach(() => jobs.forEach((rig) => rig.remove()));

const compile = shell(
  'build/compile',
  'mkdir $OUT/bin && cp src/main.rs $OUT/bin/app && chmod +x $OUT/bin/app && ln -s bin/app $OUT/latest && mkdir $OUT/empty',
  { files: ['src'] },
);
const pack = shell('package/image', 'cat $1/latest > $OUT/image', { needs: ['build/compile'] });
const unit = shell('test/unit', 'echo 3 passed', { files: ['src'] });

function place(rig: Rig, folder = join(rig.folder, 'handover')) {
  return { folder, cache: rig.cache, clock: systemClock, project: rig.project };
}

/** One job that has built, and the archive it hands on. */
async function built() {
  const first = job();
  const run = await first.run([compile, unit]);
  const given = giveHandover(place(first), { name: 'package', fingerprints: run.fingerprints });
  return { first, run, given };
}

/** Another job on another machine, into which the archive was copied. */
function handed(archive: string | Uint8Array, name = 'package.tar'): Rig {
  const next = job();
  mkdirSync(place(next).folder);
  if (typeof archive === 'string') copyFileSync(archive, join(place(next).folder, name));
  else writeFileSync(join(place(next).folder, name), archive);
  return next;
}

describe('a job on another machine', () => {
  test('does what the one before it has not done, and nothing else', async () => {
    const { given, run } = await built();
    expect(given.results).toBe(2);
    const next = handed(given.path);
    expect(takeHandover(place(next))).toEqual([
      { archive: 'package.tar', tasks: ['build/compile', 'test/unit'], problems: [] },
    ]);
    const second = await next.run([compile, unit, pack]);
    expect(account(second)).toEqual({
      'build/compile': 'cached',
      'test/unit': 'cached',
      'package/image': 'ran: first run',
    });
    const { output } = second.openResult('build/compile');
    expect(readdirSync(output)).toEqual(['bin', 'empty', 'latest']);
    expect(readFileSync(join(output, 'latest'), 'utf8')).toBe('fn main() {}');
    expect(second.results[0]).toMatchObject({ content: run.results[0]?.kind === 'ran' ? run.results[0].content : '' });
  });

  test('hands on what it was handed, so the next needs only its archive', async () => {
    const { given } = await built();
    const second = handed(given.path);
    takeHandover(place(second));
    const same = await second.run([compile, unit]);
    const again = giveHandover(place(second), { name: 'again', fingerprints: same.fingerprints });
    expect(sha256(readFileSync(again.path))).toBe(sha256(readFileSync(given.path)));
    rmSync(again.path);
    const run = await second.run([compile, pack]);
    const third = handed(giveHandover(place(second), { name: 'package', fingerprints: run.fingerprints }).path);
    takeHandover(place(third));
    expect(account(await third.run([compile, pack]))).toEqual({ 'build/compile': 'cached', 'package/image': 'cached' });
  });

  test('says what differs when it has to do it all the same', async () => {
    const { given } = await built();
    const next = handed(given.path);
    next.write('src/main.rs', 'fn main() { todo!() }');
    takeHandover(place(next));
    expect(account(await next.run([compile]))).toEqual({ 'build/compile': 'ran: file src/main.rs changed' });
  });

  test('keeps what it has already', async () => {
    const { given } = await built();
    const next = handed(given.path);
    const own = await next.run([compile]);
    takeHandover(place(next));
    const again = await next.run([compile]);
    expect(again.results[0]).toMatchObject({ kind: 'cached' });
    expect(again.fingerprints).toEqual(own.fingerprints);
  });
});

describe('the archive of a stage', () => {
  const names = (rig: Rig) => takeHandover(place(rig)).map(({ tasks, problems }) => ({ tasks, problems }));

  test('holds nothing of a later stage: what runs in the tests can not make the image', async () => {
    const first = job();
    const { fingerprints } = await first.run([compile, unit, pack]);
    const next = handed(giveHandover(place(first), { name: 'test', fingerprints }).path, 'test.tar');
    expect(names(next)).toEqual([
      {
        tasks: ['build/compile', 'test/unit'],
        problems: ['package/image is of no stage whose results this archive may hold'],
      },
    ]);
    expect(account(await next.run([compile, unit, pack]))).toMatchObject({ 'package/image': 'ran: first run' });
  });

  test('speaks for its stage before those of later ones do', async () => {
    const first = job();
    const { fingerprints } = await first.run([unit]);
    const { path } = giveHandover(place(first), { name: 'scan', fingerprints });
    const second = job();
    const own = await second.run([unit]);
    const next = handed(path, 'scan.tar');
    copyFileSync(
      giveHandover(place(second), { name: 'test', fingerprints: own.fingerprints }).path,
      join(place(next).folder, 'test.tar'),
    );
    expect(takeHandover(place(next)).map(({ archive }) => archive)).toEqual(['test.tar', 'scan.tar']);
    const record = (rig: Rig) => readFileSync(join(rig.cache.folder, 'results', hexOf(own.fingerprints[0]!)), 'utf8');
    expect(record(next)).toBe(record(second));
    expect(record(next)).not.toBe(record(first));
  });

  test('by another name is of no stage', async () => {
    const { given } = await built();
    const next = handed(given.path, 'results.tar');
    expect(names(next)).toEqual([{ tasks: [], problems: ['no stage has this name'] }]);
  });
});

describe('an archive', () => {
  test('has the same bytes for the same results, and is one that tar can list', async () => {
    const { first, run, given } = await built();
    const again = giveHandover(place(first), { name: 'again', fingerprints: run.fingerprints.toReversed() });
    expect(sha256(readFileSync(again.path))).toBe(sha256(readFileSync(given.path)));
    const listed = await runBriefly({
      program: 'tar',
      args: ['-tf', given.path],
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
    });
    // One file, two texts of ingredients, two records.
    expect(listed.stdout.trim().split('\n')).toHaveLength(5);
    expect(readdirSync(place(first).folder)).toEqual(['again.tar', 'package.tar']);
  });

  test('holds nothing that can not be found again: no task of every time, no disturbed one, no failed one', async () => {
    const rig = job();
    const run = await rig.run([
      shell('check/ask', 'true', { always: true }),
      shell('check/touch', 'touch src/main.rs', { files: ['src'] }),
      shell('check/no', 'false'),
      shell('check/yes', 'true'),
    ]);
    expect(giveHandover(place(rig), { name: 'check', fingerprints: run.fingerprints }).results).toBe(1);
  });

  test('that is being written is not taken for one', async () => {
    const { first } = await built();
    writeFileSync(join(place(first).folder, '.half.tar'), 'half');
    expect(takeHandover(place(first)).map(({ archive }) => archive)).toEqual(['package.tar']);
    expect(takeHandover(place(first, join(first.folder, 'nothing')))).toEqual([]);
  });

  test('can be written by one process while others take it, into one cache', async () => {
    const { first, run, given } = await built();
    const next = handed(given.path);
    const there = (rig: Rig) => JSON.stringify({ ...place(rig, place(next).folder), cache: rig.cache.folder });
    const script = (rig: Rig, body: string) => `
      import { createCache } from ${JSON.stringify(join(import.meta.dirname, 'cache.ts'))};
      import { systemClock as clock } from ${JSON.stringify(join(import.meta.dirname, '../kernel/clock.ts'))};
      import { giveHandover, takeHandover } from ${JSON.stringify(join(import.meta.dirname, 'handover.ts'))};
      const given = ${there(rig)};
      const place = { ...given, clock, cache: createCache({ folder: given.cache, clock }) };
      for (let round = 0; round < 60; round += 1) ${body}`;
    const give = `giveHandover(place, { name: 'package', fingerprints: ${JSON.stringify(run.fingerprints)} });`;
    const take = `if (takeHandover(place)[0].problems.length > 0) process.exit(1);`;
    const codes = await Promise.all(
      [script(first, give), script(next, take), script(next, take)].map(async (text) => {
        const args = ['--input-type=module-typescript', '--eval', text];
        const { exitCode, stderr } = await runBriefly({ program: process.execPath, args, cwd: next.folder, env: {} });
        return `${exitCode} ${stderr}`;
      }),
    );
    expect(codes).toEqual(['0 ', '0 ', '0 ']);
    expect(account(await next.run([compile, unit]))).toEqual({ 'build/compile': 'cached', 'test/unit': 'cached' });
    expect(readdirSync(join(next.cache.folder, 'incoming'))).toEqual([]);
    expect(readdirSync(place(next).folder)).toEqual(['package.tar']);
  });
});

describe('a damaged archive', () => {
  test('costs time wherever it is damaged, and never gives a wrong result', async () => {
    const { given } = await built();
    const whole = readFileSync(given.path);
    const verdicts = { whole: 0, partly: 0, nothing: 0 };
    // Each region of 64 bytes, one byte of it changed.
    for (let at = 0; at < whole.length; at += 64) {
      const damaged = Buffer.from(whole);
      const index = at + ((at / 64) % 64);
      damaged[index] = (whole[index] ?? 0) ^ 0x21;
      const next = handed(damaged);
      const [taken] = takeHandover(place(next));
      const run = await next.run([compile, unit]);
      expect(run.outcome).toBe('passed');
      const { output } = run.openResult('build/compile');
      expect(readFileSync(join(output, 'bin', 'app'), 'utf8')).toBe('fn main() {}');
      expect(run.openResult('test/unit').value).toBe('3 passed\n');
      const cached = run.results.filter(({ kind }) => kind === 'cached').length;
      expect(cached).toBe(taken?.tasks.length);
      expect(taken?.problems.length).toBeGreaterThan(0);
      verdicts[cached === 2 ? 'whole' : cached === 1 ? 'partly' : 'nothing'] += 1;
      next.remove();
    }
    expect(verdicts.nothing).toBeGreaterThan(0);
    expect(verdicts.partly).toBeGreaterThan(0);
  });

  test('may be cut anywhere', async () => {
    const { given } = await built();
    const whole = readFileSync(given.path);
    for (let length = 0; length < whole.length; length += 512 * 3 + 100) {
      const next = handed(whole.subarray(0, length));
      const [taken] = takeHandover(place(next));
      expect(taken?.problems.join()).toMatch(/too early|in the middle|goes on, or is cut/);
      next.remove();
    }
  });

  test('of any bytes at all is refused in words', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        const next = handed(bytes);
        const [taken] = takeHandover(place(next));
        expect(taken?.tasks).toEqual([]);
        expect(taken?.problems).toHaveLength(1);
        next.remove();
      }),
      { numRuns: 60 },
    );
  });

  test('that is a folder, or leads nowhere, is no reason to stop', () => {
    const next = job();
    mkdirSync(join(place(next).folder, 'check.tar'), { recursive: true });
    symlinkSync('/nowhere', join(place(next).folder, 'build.tar'));
    const taken = takeHandover(place(next));
    expect(taken.map(({ problems }) => problems.length)).toEqual([1, 1]);
  });
});

describe('a foreign archive', () => {
  /** What somebody would write who knows the layout: sealed and digested, as ours is. */
  function forged(
    tree: readonly object[],
    changes: Record<string, unknown> = {},
    ingredients = '{"task":"build/compile"}',
  ) {
    const rig = job();
    const value = null;
    const content = digestOfJson({ value, tree: tree as never });
    const result = { task: 'build/compile', value, summary: '', tree, content, ranAt: 0, duration: 0, ...changes };
    const text = JSON.stringify(result);
    const hex = hexOf(sha256(ingredients));
    const next = handed('/dev/null');
    const folder = place(next).folder;
    rmSync(join(folder, 'package.tar'));
    writeArchive(join(folder, 'package.tar'), [
      { name: `objects/${hex.slice(0, 2)}/${hex.slice(2)}`, content: ingredients },
      { name: `results/${hex}`, content: `${sha256(text)}\n${text}` },
    ]);
    rig.remove();
    return takeHandover(place(next))[0];
  }

  test('is taken when it is as ours would be', () => {
    expect(forged([{ path: 'a', kind: 'folder' }])).toMatchObject({ tasks: ['build/compile'], problems: [] });
    const link = { path: 'a/b/c', kind: 'link', target: '../../d/e' };
    expect(forged([link])?.tasks).toEqual(['build/compile']);
  });

  test.each([
    ['a path that leads out', [{ path: '../x', kind: 'folder' }]],
    ['an absolute path', [{ path: '/etc/x', kind: 'folder' }]],
    ['an absolute link', [{ path: 'a', kind: 'link', target: '/etc' }]],
    ['a link that leads out', [{ path: 'a/b', kind: 'link', target: '../../x' }]],
    ['a link that leads out by another link', [{ path: 'a', kind: 'link', target: 'b/..' }]],
    [
      'something below a link',
      [
        { path: 'a', kind: 'link', target: 'b' },
        { path: 'a/x', kind: 'folder' },
      ],
    ],
    [
      'two of one name',
      [
        { path: 'a', kind: 'folder' },
        { path: 'a', kind: 'folder' },
      ],
    ],
    ['a device', [{ path: 'a', kind: 'special' }]],
    ['a digest that is a path', [{ path: 'a', kind: 'file', digest: 'sha256:../../x', size: 1, executable: false }]],
  ])('with %s is not', (_, tree) => {
    expect(forged(tree)).toMatchObject({ tasks: [], problems: [expect.stringContaining('is damaged')] });
  });

  test('whose content digest is not that of its content is not', () => {
    expect(forged([], { content: sha256('another') })?.problems).toHaveLength(1);
    expect(forged([], { value: 1 })?.problems).toHaveLength(1);
  });

  test('can not pass off the result of one task as that of another', () => {
    expect(forged([], { task: 'test/unit' })?.problems).toEqual([
      'what the result of test/unit was made of is missing',
    ]);
    expect(forged([], {}, 'no json')?.problems).toHaveLength(1);
  });

  test('whose files are missing is not taken', () => {
    const file = { path: 'a', kind: 'file', digest: sha256('x'), size: 1, executable: false };
    expect(forged([file])?.problems).toEqual(['a of build/compile has not arrived whole']);
  });

  test('with names that lead out of the cache is not read at all', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.constantFrom('../../evil', '/etc/passwd', 'objects/../../x', 'results/..', 'objects/ab/short', 'last/a'),
          fc.stringMatching(/^[!-~]{1,90}$/),
        ),
        (name) => {
          const next = job();
          mkdirSync(place(next).folder);
          writeArchive(join(place(next).folder, 'check.tar'), [{ name, content: 'evil' }]);
          const [taken] = takeHandover(place(next));
          expect(taken).toMatchObject({ tasks: [], problems: [expect.stringContaining('no entry of ours')] });
          expect(readdirSync(next.cache.folder)).toEqual(['incoming']);
          next.remove();
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('what a task was made of stands in the archive without any value of a variable', async () => {
  const rig = job();
  rig.environment['TOKEN'] = 'hunter2hunter2';
  const run = await rig.run([shell('test/token', 'true', { fingerprint: { environment: ['TOKEN'] } })]);
  const { path } = giveHandover(place(rig), { name: 'test', fingerprints: run.fingerprints });
  const text = readFileSync(path, 'latin1');
  expect(text).toContain(canonicalJson({ TOKEN: sha256('hunter2hunter2') }));
  expect(text).not.toContain('hunter2');
});
