import { expect, test } from 'vitest';
import { explore, type Move } from './explore.ts';

/** Counts up by one or by three, modulo 20; 7 is broken where asked. */
function counting(
  broken: number | null,
): readonly [(state: number) => readonly Move<number>[], (state: number) => string] {
  const by = (state: number, step: number): Move<number> => ({
    name: `+${step}`,
    make: () => ({ state: (state + step) % 20, broken: state + step === broken ? `${broken} was reached` : null }),
  });
  return [(state) => [by(state, 1), by(state, 3)], String];
}

test('every state is visited once', () => {
  const [moves, keyOf] = counting(null);
  expect(explore({ start: 0, moves, keyOf, most: 100 })).toEqual({ kind: 'holds', states: 20, moves: 40 });
});

test('what is broken is told with a shortest trace', () => {
  const [moves, keyOf] = counting(7);
  const found = explore({ start: 0, moves, keyOf, most: 100 });
  expect(found).toMatchObject({ kind: 'broken', message: '7 was reached' });
  expect(found.kind === 'broken' && found.trace).toHaveLength(3);
});

test('bounds that are too wide are a failure, not a silent end', () => {
  const [, keyOf] = counting(null);
  const moves = (state: number): readonly Move<number>[] => [
    { name: 'up', make: () => ({ state: state + 1, broken: null }) },
  ];
  expect(explore({ start: 0, moves, keyOf, most: 100 })).toMatchObject({ kind: 'unbounded' });
});
