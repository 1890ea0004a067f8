/** The one door to randomness: seeded for rehearsals, from the system for identifiers. */

import { randomBytes, randomFillSync } from 'node:crypto';

export interface Random {
  /** Uniform in [0, 1), a multiple of 2^-32. */
  next(): number;
}

/**
 * sfc32 (Chris Doty-Humphrey, PractRand) with its four words drawn by splitmix32 from `seed`; the first twelve
 * outputs are discarded, as its author does. The same seed gives the same sequence on every machine.
 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let word = state ^ (state >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
  let [a, b, c, counter] = [splitmix(), splitmix(), splitmix(), splitmix()];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let round = 0; round < 12; round += 1) next();
  return { next };
}

/** A fresh identifier: `length` hexadecimal digits from the system's generator. */
export function randomIdentifier(length = 16): string {
  return randomBytes(Math.ceil(length / 2))
    .toString('hex')
    .slice(0, length);
}

/** Fills the bytes from the system's generator and returns them: for those who are promised unpredictable ones. */
export function fillRandom(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return randomFillSync(bytes);
}
