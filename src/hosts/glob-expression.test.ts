import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob } from '../project/index.ts';
import { globExpression } from './glob-expression.ts';

test('a pattern and its expression let in the same names', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab/.*+?^$\\{}()|[]-@'.split('')), maxLength: 8 });
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      for (const tried of [name, pattern, pattern.replaceAll('*', name)]) {
        expect(new RegExp(`^${globExpression(pattern)}$`).test(tried)).toBe(matchesGlob(pattern, tried));
      }
    }),
  );
});
