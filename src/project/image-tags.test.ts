import { describe, expect, test } from 'vitest';
import { imageTags } from './image-tags.ts';

describe('the tags of an image', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const ofBranch = (name: string) => imageTags({ commit, kind: 'branch', name, dirty: 0 });
  const ofTag = (name: string) => imageTags({ commit, kind: 'tag', name, dirty: 0 });

  test('are its commit and its branch, and not latest', () => {
    expect(ofBranch('feature/Hello World_2')).toEqual(['sha-0123456789ab', 'feature-hello-world-2']);
  });

  test('of a tree that differs from its commit are nobody else’s', () => {
    expect(imageTags({ commit, kind: 'branch', name: 'main', dirty: 1 })).toEqual(['sha-0123456789ab-dirty']);
  });

  test.each([
    ['v1.2.3', '1.2.3'],
    ['v1.2.3-rc.1', '1.2.3-rc.1'],
    ['v1.2.3+build.5', '1.2.3-build.5'],
    ['1.2.3', undefined],
    ['v1.2', undefined],
    ['version', undefined],
  ])('the git tag %s gives the version %s', (tag, version) => {
    expect(ofTag(tag)[1]).toBe(version);
  });

  test.each([
    ['latest', 'branch-latest'],
    ['sha-0123456789ab', 'branch-sha-0123456789ab'],
    ['1.2.3', 'branch-1-2-3'],
    ['main-wasm', 'branch-main-wasm-branch'],
    ['---', undefined],
    ['ä'.repeat(80), undefined],
    ['x'.repeat(200), 'x'.repeat(63)],
  ])('a branch called %s can not take the place of another tag', (branch, expected) => {
    expect(ofBranch(branch)[1]).toBe(expected);
  });
});
