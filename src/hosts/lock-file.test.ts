import { describe, expect, test } from 'vitest';
import { readLock, writeLock } from './lock-file.ts';
import { pinOf, SHIPPED_PINS } from './pins.ts';

test('what is written is read back, and the same pins give the same bytes', () => {
  const text = writeLock(SHIPPED_PINS);
  expect(readLock(text)).toEqual(SHIPPED_PINS);
  expect(writeLock(Object.fromEntries(Object.entries(SHIPPED_PINS).toReversed()))).toBe(text);
});

test('an action in a folder of its repository has the pin of the repository', () => {
  expect(pinOf('actions/cache/save', SHIPPED_PINS)).toBe(SHIPPED_PINS['actions/cache']);
  expect(() => pinOf('acme/unknown', SHIPPED_PINS)).toThrow(expect.objectContaining({ code: 'hosts/bad-lock' }));
});

describe('a lock file that could run something else is refused', () => {
  const commit = '3d3c42e5aac5ba805825da76410c181273ba90b1';
  test.each([
    ['a tag in the place of the commit', 'actions/checkout: { version: v7.0.1, commit: v7.0.1 }'],
    ['a short commit', `actions/checkout: { version: v7.0.1, commit: ${commit.slice(0, 12)} }`],
    ['a branch in the place of the version', `actions/checkout: { version: main, commit: ${commit} }`],
    ['an action with a path', `actions/checkout/../evil: { version: v7.0.1, commit: ${commit} }`],
    ['a local action', `./evil: { version: v7.0.1, commit: ${commit} }`],
    ['a list', '- actions/checkout'],
    ['no YAML', 'actions/checkout: {'],
  ])('%s', (_, text) => {
    expect(() => readLock(text)).toThrow(expect.objectContaining({ code: 'hosts/bad-lock' }));
  });
});
