import { existsSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TAR_BLOCK } from '../kernel/ustar.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { readArchive, writeArchive } from './handover-archive.ts';

const folder = temporaryFolder('slipway-archive-');
afterAll(() => rmSync(folder, { recursive: true }));

describe('of a content that does not arrive whole', () => {
  const archive = join(folder, 'build.tar');
  const target = join(folder, 'content');
  const name = `objects/ab/${'c'.repeat(62)}`;

  test('nothing is left when the archive becomes shorter meanwhile', () => {
    writeArchive(archive, [{ name, content: 'x'.repeat(4096) }]);
    const wrong = readArchive(archive, {
      target() {
        truncateSync(archive, TAR_BLOCK + 100);
        return target;
      },
      object: () => expect.unreachable(),
      result: () => expect.unreachable(),
    });
    expect(wrong).toBe('it became shorter while it was read');
    expect(existsSync(target)).toBe(false);
  });

  test('nothing is left when it can not be kept', () => {
    writeArchive(archive, [{ name, content: 'x' }]);
    const reading = () =>
      readArchive(archive, {
        target: () => target,
        object(_, path) {
          expect(existsSync(path)).toBe(true);
          throw new Error('the disk is full');
        },
        result: () => expect.unreachable(),
      });
    expect(reading).toThrow('the disk is full');
    expect(existsSync(target)).toBe(false);
  });
});
