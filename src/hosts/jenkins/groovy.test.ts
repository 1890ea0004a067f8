import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readGroovy } from '../../../test/rigs/groovy-reader.ts';
import { writeText, writeValue } from './groovy.ts';

test('every text is read back as it was, and stays on one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('ab$\\\'"\n\r\t\u0000\u007f{}é')) }), (text) => {
      const written = writeText(text);
      expect(written).not.toContain('\n');
      expect(readGroovy(`echo ${written}`)).toMatchObject([
        { kind: 'call', call: { name: 'echo', args: [{ kind: 'text', text }] } },
      ]);
    }),
  );
});

test('texts have single quotes, in which Groovy puts nothing in the place of a variable', () => {
  expect(writeText('${env.SECRET} "$x"')).toBe(`'\${env.SECRET} "$x"'`);
  expect(writeText("it's\\")).toBe(`'it\\'s\\\\'`);
});

test('lists, maps and comparisons are written as Groovy has them', () => {
  const params = { kind: 'reference', name: 'params.JOB' } as const;
  const list = { kind: 'list', of: [null, 'a', 7, true] } as const;
  expect(writeValue({ kind: 'compare', operator: 'in', left: params, right: list })).toBe(
    `params.JOB in [null, 'a', 7, true]`,
  );
  expect(writeValue({ kind: 'map', of: {} })).toBe('[:]');
  expect(writeValue({ kind: 'map', of: { a: 'b' } })).toBe(`[a: 'b']`);
});
