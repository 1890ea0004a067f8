/** Choosing at random, for rehearsals that nobody wrote. */

import type { Random } from '../../kernel/random.ts';

/** Draws from a sequence. */
export interface Choice {
  /** A whole number from 0 up to, and without, `count`. */
  readonly below: (count: number) => number;
  /** One of them, each as likely as any other. */
  readonly one: <Value>(values: readonly Value[]) => Value;
}

export function createChoice(random: Random): Choice {
  const below = (count: number): number => Math.floor(random.next() * count);
  const one = <Value>(values: readonly Value[]): Value => {
    const [value] = values.slice(below(values.length));
    if (value === undefined) throw new RangeError('there is nothing to choose from');
    return value;
  };
  return { below, one };
}
