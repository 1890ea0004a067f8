import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseQuantity } from '../kernel/quantity.ts';
import { writeDuration, writeFactor, writeRate, writeShare, writeSize } from './write-quantity.ts';

test('what is written is read back as the same number', () => {
  const whole = fc.integer({ min: 0, max: 10_000_000_000 });
  const thousandths = fc.integer({ min: 0, max: 100_000 }).map((n) => n / 1000);
  fc.assert(
    fc.property(whole, thousandths, (whole, thousandths) => {
      expect(parseQuantity('duration', writeDuration(whole))).toBe(whole);
      expect(parseQuantity('size', writeSize(whole))).toBe(whole);
      expect(parseQuantity('rate', writeRate(whole))).toBe(whole);
      expect(parseQuantity('share', writeShare(thousandths / 100))).toBe(thousandths / 100);
      expect(parseQuantity('factor', writeFactor(thousandths))).toBe(thousandths);
    }),
  );
});

test('durations may have several units, the largest first, as they are printed', () => {
  // At most two units are printed: below an hour nothing is left out, below a day the seconds.
  const seconds = fc.integer({ min: 0, max: 3599 }).map((n) => n * 1000);
  const minutes = fc.integer({ min: 60, max: 1439 }).map((n) => n * 60_000);
  fc.assert(
    fc.property(fc.oneof(seconds, minutes), (exact) => {
      expect(parseQuantity('duration', formatDuration(exact))).toBe(exact);
    }),
  );
  expect(['1h30m', '1m 30s', '2d4h5m6s7ms'].map((text) => parseQuantity('duration', text))).toEqual([
    5_400_000, 90_000, 187_506_007,
  ]);
  const wrong = ['30s1m', '1m1m', '1m30', '1m  30s', '1m ', '1.5h30m', '1m 30s '];
  expect(wrong.map((text) => parseQuantity('duration', text))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    60_000,
    undefined,
    90_000,
  ]);
});

test('in the unit a person would take', () => {
  expect([0, 500, 90_000, 600_000, 3_600_000, 259_200_000].map(writeDuration)).toEqual([
    '0s',
    '500ms',
    '90s',
    '10m',
    '1h',
    '72h',
  ]);
  expect([900, 900_000, 1_200_000, 256_000_000].map(writeSize)).toEqual(['900B', '900kB', '1.2MB', '256MB']);
  expect([0.001, 0.1, 0.07, 1].map(writeShare)).toEqual(['0.1%', '10%', '7%', '100%']);
  expect(writeRate(0.5)).toBe('30/m');
});
