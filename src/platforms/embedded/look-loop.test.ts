import { expect, test } from 'vitest';
import { createManualClock } from '../../kernel/clock.ts';
import { createLookLoop } from './look-loop.ts';

function counting(): {
  readonly looks: () => number;
  readonly loop: ReturnType<typeof createLookLoop>;
  readonly clock: ReturnType<typeof createManualClock>;
} {
  const clock = createManualClock();
  let looks = 0;
  const loop = createLookLoop({
    clock,
    every: 100,
    async look() {
      looks += 1;
      if (looks === 2) throw new Error('the disk is full');
    },
  });
  return { looks: () => looks, loop, clock };
}

test('it looks every so often, and at once when it is kicked', async () => {
  const { looks, loop, clock } = counting();
  loop.start();
  await clock.advance(99);
  expect(looks()).toBe(0);
  await clock.advance(1);
  expect(looks()).toBe(1);
  loop.kick();
  await clock.advance(0);
  expect(looks()).toBe(2);
  await loop.end();
  await clock.advance(1000);
  expect(looks()).toBe(2);
});

test('a look that fails is told until one succeeds, and ends nothing', async () => {
  const { loop, clock } = counting();
  loop.start();
  await clock.advance(100);
  expect(() => loop.check()).not.toThrow();
  await clock.advance(100);
  expect(() => loop.check()).toThrow('the disk is full');
  await clock.advance(100);
  expect(() => loop.check()).not.toThrow();
  await loop.end();
});
