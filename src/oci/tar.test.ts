import * as fc from 'fast-check';
import { unpackTar } from 'modern-tar';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../kernel/digest.ts';
import { writeTar, type TarEntry } from './tar.ts';

const text = (content: string) => new TextEncoder().encode(content);
const file = (path: string, content = ''): TarEntry => ({ kind: 'file', path, content: text(content) });

const FIXED: readonly TarEntry[] = [
  { kind: 'file', path: 'usr/bin/node', content: text('binary'), executable: true },
  { kind: 'link', path: 'lib64', target: 'usr/lib64' },
  file('app.wasm', 'x'.repeat(513)),
  file(`deep/${'d'.repeat(90)}/${'f'.repeat(99)}`),
  file(`${'long'.repeat(40)}.txt`, 'long'),
  file('ä/ö.txt', 'umlaut'),
];

const part = fc
  .oneof(fc.stringMatching(/^[a-zA-Z0-9._-]{1,120}$/), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }))
  .filter((name) => name !== '.' && name !== '..' && !/[/\0\n]/.test(name) && name.isWellFormed());
const contents = fc.tuple(
  fc.array(part, { minLength: 1, maxLength: 4 }),
  fc.uint8Array({ maxLength: 1500 }),
  fc.boolean(),
);
const tree = fc.array(contents, { maxLength: 8 }).map((files) =>
  files.map(([parts, content, executable], at): TarEntry => {
    // A first part of its own, so that no file is another one's parent.
    const path = [`${at}`, ...parts].join('/');
    return { kind: 'file', path, content, executable };
  }),
);

describe('writeTar', () => {
  test('gives the same bytes for fixed entries, for ever', () => {
    expect(sha256(writeTar(FIXED))).toBe('sha256:26781e39e58305dce1280e31ead91e56a64cb617c572a448599b3f26bd121479');
  });

  test('does not depend on the order of its entries', () => {
    expect(writeTar(FIXED.toReversed())).toEqual(writeTar(FIXED));
  });

  test('is read back by another program, name for name and byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (entries) => {
        const read = await unpackTar(writeTar(entries), { strict: true });
        const files = read.filter(({ header }) => header.type === 'file');
        const expected = new Map(entries.map((entry) => [entry.path, entry]));
        expect(files.map(({ header }) => header.name).sort()).toEqual([...expected.keys()].sort());
        for (const { header, data } of files) {
          const entry = expected.get(header.name);
          if (entry?.kind !== 'file') throw new Error('unexpected entry');
          expect(Buffer.compare(data ?? new Uint8Array(), entry.content)).toBe(0);
          expect(header).toMatchObject({ mode: entry.executable ? 0o755 : 0o644, uid: 0, gid: 0 });
          expect(header.mtime?.getTime()).toBe(0);
        }
      }),
    );
  });

  test('has every parent folder, once, before what is in it', async () => {
    const read = await unpackTar(writeTar([file('a/b/c'), file('a/b/d'), file('a-b')]));
    expect(read.map(({ header }) => header.name.replace(/\/$/, ''))).toEqual(['a', 'a-b', 'a/b', 'a/b/c', 'a/b/d']);
  });

  test('keeps links whose target is too long for the header', async () => {
    const target = `../${'t'.repeat(150)}`;
    const read = await unpackTar(writeTar([{ kind: 'link', path: 'link', target }]));
    expect(read[0]?.header).toMatchObject({ type: 'symlink', linkname: target });
  });

  test.each(['', '/etc/passwd', '../up', 'a/../b', 'a//b', './a', 'a/', 'nul\0'])('refuses the path %j', (path) => {
    expect(() => writeTar([file(path)])).toThrow('not a path');
  });

  test('refuses two entries of one name and a file that holds others', () => {
    expect(() => writeTar([file('a'), file('a')])).toThrow('two entries');
    expect(() => writeTar([file('a'), file('a/b')])).toThrow('no folder');
  });
});
