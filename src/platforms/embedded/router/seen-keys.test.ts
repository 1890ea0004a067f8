import { expect, test } from 'vitest';
import { createSeenKeys, MOST_KEYS } from './seen-keys.ts';

test('a key is new once in a rollout, and again in the next one', () => {
  const seen = createSeenKeys();
  expect([seen.isNew('a', 0.5), seen.isNew('a', 0.5), seen.isNew('a', 0.25)]).toEqual([true, false, true]);
  expect(seen.known()).toBe(2);
  expect([seen.isNew('b', 0.5), seen.known()]).toEqual([true, 1]);
});

test('when no rollout is under way nothing is remembered', () => {
  const seen = createSeenKeys();
  seen.isNew('a', 0.5);
  seen.forget();
  expect(seen.known()).toBe(0);
});

test('so many keys are remembered and no more, and it says when it is full', () => {
  const seen = createSeenKeys();
  for (let key = 1; key < MOST_KEYS; key += 1) seen.isNew('a', key / (MOST_KEYS * 2));
  expect(seen.full()).toBe(false);
  expect(seen.isNew('a', 0.75)).toBe(true);
  expect(seen.full()).toBe(true);
  expect(seen.isNew('a', 0.8)).toBe(false);
  expect(seen.known()).toBe(MOST_KEYS);
});
