import { expect, test } from 'vitest';
import { parseQuantity } from './quantity.ts';

test.each([
  ['500m', 0.5],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['1Gi', 1_073_741_824],
  ['1G', 1e9],
  ['2e3', 2000],
  ['100k', 100_000],
  ['-1', -1],
])('%s is %d', (text, amount) => {
  expect(parseQuantity(text)).toBe(amount);
});

test.each(['', 'm', '1 Gi', '1Q', '1,5'])('%j is no quantity', (text) => {
  expect(parseQuantity(text)).toBeNull();
});
