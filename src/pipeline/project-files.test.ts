import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { hexOf, sha256 } from '../kernel/digest.ts';
import { createRig, type Rig } from './pipeline-rig.ts';
import { viewProjectFiles } from './project-files.ts';
import { openStatIndex } from './stat-index.ts';

let rig: Rig;
beforeEach(() => {
  rig = createRig();
});
afterEach(() => rig.remove());

const clock = systemClock;
const states = (include: readonly string[], exclude: readonly string[] = []) => {
  const index = openStatIndex(join(rig.folder, 'index'));
  const result = viewProjectFiles({ project: rig.project, index, clock }).statesOf({ include, exclude });
  index.save();
  return result;
};
const file = (content: string, mode = '644') => `file ${mode} ${hexOf(sha256(content))}`;

describe('a selection', () => {
  test('names files by content and mode, empty folders and what is absent, in order', () => {
    rig.write('src/b.txt', 'b');
    chmodSync(rig.write('src/a.sh', 'a'), 0o750);
    mkdirSync(join(rig.project, 'src/empty'));
    expect(Object.entries(states(['src', 'Cargo.toml']))).toEqual([
      ['Cargo.toml', 'absent'],
      ['src/a.sh', file('a', '750')],
      ['src/b.txt', file('b')],
      ['src/empty', 'folder'],
    ]);
  });

  test('of the whole project leaves out excluded names wherever they are', () => {
    rig.write('a/target/x', 'x');
    rig.write('target/y', 'y');
    rig.write('a/kept', 'k');
    expect(Object.keys(states(['.'], ['target']))).toEqual(['a/kept']);
  });

  test('of a file counts it once, though its folder is named too', () => {
    rig.write('src/a', 'a');
    expect(states(['src/a', 'src', './src//a'])).toEqual({ 'src/a': file('a') });
  });

  test.each([['/etc'], ['../other'], ['src/../../x']])('that leaves the project (%s) is refused', (path) => {
    expect(() => states([path])).toThrow(expect.objectContaining({ code: 'pipeline/malformed-task' }));
  });

  test('counts a link with its text and with what is read through it, and never goes round in a circle', () => {
    rig.write('real/inner.txt', 'i');
    rig.write('one.txt', 'one');
    mkdirSync(join(rig.project, 'src/deep'), { recursive: true });
    symlinkSync('../one.txt', join(rig.project, 'src/file'));
    symlinkSync('../real', join(rig.project, 'src/folder'));
    symlinkSync('../../src', join(rig.project, 'src/deep/up'));
    symlinkSync('self', join(rig.project, 'src/self'));
    symlinkSync('nowhere', join(rig.project, 'src/dangling'));
    symlinkSync('../src', join(rig.project, 'real/back'));
    expect(states(['src'])).toEqual({
      'src/dangling': 'link nowhere → absent',
      'src/deep/up': 'link ../../src → folder',
      'src/file': `link ../one.txt → ${file('one')}`,
      'src/folder': 'link ../real → folder',
      'src/folder/back': expect.stringMatching(/^link \.\.\/src → folder$/),
      'src/folder/back/dangling': 'link nowhere → absent',
      'src/folder/back/deep/up': 'link ../../src → folder',
      'src/folder/back/file': `link ../one.txt → ${file('one')}`,
      'src/folder/back/folder': 'link ../real → folder',
      'src/folder/back/self': 'link self → absent',
      'src/folder/inner.txt': file('i'),
      'src/self': 'link self → absent',
    });
  });

  test('does not read a socket', async () => {
    mkdirSync(join(rig.project, 'run'));
    const server = createServer().listen(join(rig.project, 'run/socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(states(['run'])).toEqual({ 'run/socket': 'special' });
    await new Promise((resolve) => server.close(resolve));
  });

  test('keeps a file with a name that means something to JavaScript', () => {
    rig.write('src/__proto__', 'p');
    expect(Object.entries(states(['src']))).toEqual([['src/__proto__', file('p')]]);
  });
});

describe('the index of digests', () => {
  const old = (path: string) => {
    // The change time can't be set, so the clock is set forward instead.
    const index = openStatIndex(join(rig.folder, 'index'));
    const later = { ...clock, wall: () => clock.wall() + 60_000 };
    const view = viewProjectFiles({ project: rig.project, index, clock: later });
    const state = view.statesOf({ include: [path], exclude: [] })[path];
    index.save();
    return state;
  };

  test('spares reading a file that has not changed for a while', () => {
    rig.write('a', 'a');
    expect(old('a')).toBe(file('a'));
    const forged = readIndex().replace(hexOf(sha256('a')), hexOf(sha256('forged')));
    writeFileSync(join(rig.folder, 'index'), `${sha256(forged)}\n${forged}`);
    expect(states(['a'])['a']).toBe(file('forged'));
  });

  test('is not trusted when it was edited or torn', () => {
    rig.write('a', 'a');
    old('a');
    writeFileSync(
      join(rig.folder, 'index'),
      `${sha256('x')}\n${readIndex().replace(hexOf(sha256('a')), hexOf(sha256('forged')))}`,
    );
    expect(states(['a'])['a']).toBe(file('a'));
  });

  test('does not hold a file that was written just now, since it could change again unnoticed', () => {
    rig.write('a', 'a');
    states(['a']);
    expect(readdirSync(rig.folder)).not.toContain('index');
  });

  test('never hides a change, whatever is done to a file and however fast', () => {
    const steps = fc.array(
      fc.record({
        content: fc.constantFrom('a', 'b', 'cc', ''),
        mode: fc.constantFrom(0o644, 0o755),
        touch: fc.boolean(),
        gone: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(steps, (done) => {
        const path = rig.write('f', '');
        for (const { content, mode, touch, gone } of done) {
          if (gone) rmSync(path, { force: true });
          else {
            writeFileSync(path, content);
            chmodSync(path, mode);
            if (touch) utimesSync(path, 1, 1);
          }
          expect(states(['f'])).toEqual({ f: gone ? 'absent' : file(content, mode.toString(8)) });
        }
      }),
      { numRuns: 40 },
    );
  });

  function readIndex(): string {
    const text = readFileSync(join(rig.folder, 'index'), 'utf8');
    return text.slice(text.indexOf('\n') + 1);
  }
});
