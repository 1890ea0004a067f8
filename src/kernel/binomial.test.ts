import { expect, test } from 'vitest';
import { drawBinomial } from './binomial.ts';
import { createRandom } from './random.ts';

test.each([
  [5, 0.1],
  [5, 0.9],
  [1000, 0.002],
  [100_000, 0.01],
  [400, 0.5],
])('of %i trials with a probability of %f as many succeed as should, spread as they should', (trials, probability) => {
  const random = createRandom(1);
  const draws = Array.from({ length: 20_000 }, () => drawBinomial(random, trials, probability));
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
  const expected = trials * probability * (1 - probability);
  // Five standard deviations of the mean, and of the variance (twice that of a normal law, to be safe).
  expect(Math.abs(mean - trials * probability)).toBeLessThan(5 * Math.sqrt(expected / draws.length));
  expect(Math.abs(variance / expected - 1)).toBeLessThan(0.1);
  expect(draws.every((draw) => Number.isInteger(draw) && draw >= 0 && draw <= trials)).toBe(true);
});

test('nothing is left to chance where nothing can happen', () => {
  const random = createRandom(1);
  expect([drawBinomial(random, 0, 0.5), drawBinomial(random, 7, 0), drawBinomial(random, 7, 1)]).toEqual([0, 0, 7]);
});
