import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readElf } from './elf.ts';
import { RUNTIME_ARCHITECTURES, RUNTIME_LOCK } from './runtime-lock.ts';

/** The binary that runs this test: as real as it gets. */
const NODE = readFileSync(process.execPath);

const refused = expect.objectContaining({ code: 'runtime/mismatch' }) as Error;

describe('an ELF file', () => {
  test('tells its machine, its loader and the libraries that it needs', () => {
    const { machine, interpreter, needed } = readElf(NODE, 'node');
    const here = RUNTIME_LOCK[process.arch === 'arm64' ? 'arm64' : 'amd64'];
    expect(machine).toBe(here.machine);
    expect(interpreter).toMatch(/^\/lib.*\/ld-linux-[\w-]+\.so\.\d$/);
    expect(needed).toContain('libc.so.6');
    expect(needed.every((name) => /^[\w+.-]+\.so\.\d+$/.test(name))).toBe(true);
  });

  test.each([0, 63, 64, 4096, NODE.length - 1])('cut to %i bytes is refused', (length) => {
    expect(() => readElf(NODE.subarray(0, length), 'node')).toThrow(refused);
  });

  test.each([
    ['is a script', Buffer.from('#!/bin/sh\n'.repeat(20))],
    ['is of 32 bits', Buffer.concat([Buffer.from('7f454c4601', 'hex'), Buffer.alloc(100)])],
    ['is big-endian', Buffer.concat([Buffer.from('7f454c460202', 'hex'), Buffer.alloc(100)])],
  ])('that %s is refused', (_, bytes) => {
    expect(() => readElf(bytes, 'node')).toThrow(refused);
  });
});

test('every architecture has the same packages in the same versions', () => {
  const [first, ...others] = RUNTIME_ARCHITECTURES.map((name) => {
    const { node, debian } = RUNTIME_LOCK[name];
    return [node.version, ...debian.map((pin) => `${pin.name} ${pin.version}`)];
  });
  expect(others).toEqual(others.map(() => first));
});
