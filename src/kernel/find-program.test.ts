import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findProgram } from './subprocess.ts';
import { temporaryFolder } from './workspace.ts';

const root = temporaryFolder();
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('the first executable file of that name on the path is found; folders and plain files are passed over', () => {
  const [plain, folder, first, second] = ['plain', 'folder', 'first', 'second'].map((name) => join(root, name));
  for (const place of [plain, first, second]) {
    mkdirSync(place ?? '');
    writeFileSync(join(place ?? '', 'tool'), '#!/bin/sh\n');
  }
  mkdirSync(join(folder ?? '', 'tool'), { recursive: true });
  for (const place of [first, second]) chmodSync(join(place ?? '', 'tool'), 0o755);
  const path = [plain, folder, first, second].join(':');
  expect(findProgram('tool', path)).toBe(join(first ?? '', 'tool'));
  expect(findProgram(join(second ?? '', 'tool'), path)).toBe(join(second ?? '', 'tool'));
  expect(findProgram('other', path)).toBeUndefined();
  expect(findProgram(join(plain ?? '', 'tool'), path)).toBeUndefined();
});
