import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installedPackage } from './installed-package.ts';

test('a package is found where Node finds it', () => {
  const resolved = createRequire(import.meta.url).resolve('binaryen/package.json');
  const { folder, version } = installedPackage('binaryen');
  expect(join(folder, 'package.json')).toBe(resolved);
  expect(version).toBe(JSON.parse(readFileSync(resolved, 'utf8')).version);
});

test('so is one that does not export its manifest', () => {
  const name = '@bytecodealliance/jco-transpile';
  expect(createRequire(import.meta.url).resolve(name)).toContain(installedPackage(name).folder);
});

test('one that is not there is named', () => {
  expect(() => installedPackage('no-such-package')).toThrow('no-such-package');
});
