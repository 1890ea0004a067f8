import { expect, test } from 'vitest';
import { crashLoopOf, vacate } from './restart-policy.ts';

test('a replica that ends early is started again after 100 ms, then twice as long each time, at most 10 s', () => {
  const delays: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    const vacancy = vacate({ at: 1000, attempt, readyFor: 0 });
    expect(vacancy.attempt).toBe(attempt + 1);
    delays.push(vacancy.notBefore - 1000);
  }
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test('a replica that had settled is started again at once, and the count begins anew', () => {
  expect(vacate({ at: 500, attempt: 7, readyFor: 10_000 })).toEqual({ attempt: 0, notBefore: 500 });
});

test('three early endings in a row are a crash loop and say what the last one was', () => {
  expect(crashLoopOf({ attempt: 2, last: 'x', since: 300 })).toBeNull();
  expect(crashLoopOf({ attempt: 3, last: 'ended with exit code 1: no such table', since: 900 })).toBe(
    'its replicas have ended 3 times in a row within 900ms; the last one ended with exit code 1: no such table',
  );
});
