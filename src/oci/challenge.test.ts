import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

const read = (header: string | null) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test.each([
  [null, []],
  ['', []],
  ['Basic', [['basic', {}]]],
  [
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
    [
      [
        'bearer',
        { realm: 'https://auth.example/token', service: 'registry.example', scope: 'repository:a/b:pull,push' },
      ],
    ],
  ],
  [
    'Basic realm="a, b", BEARER Realm = "c\\"d" , error=invalid_token',
    [
      ['basic', { realm: 'a, b' }],
      ['bearer', { realm: 'c"d', error: 'invalid_token' }],
    ],
  ],
  [
    'Negotiate, Basic realm=x',
    [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  ],
  ['realm="no scheme"', []],
  ['Bearer realm="never closed', [['bearer', {}]]],
])('%s', (header, challenges) => {
  expect(read(header)).toEqual(challenges);
});

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
const challenge = fc.tuple(name, fc.dictionary(name, fc.string({ unit: 'grapheme-ascii' }), { maxKeys: 4 }));

test('what is written with quotes is read as it was, one challenge after another', () => {
  const written = ([scheme, parameters]: readonly [string, Record<string, string>]): string =>
    `${scheme} ${Object.entries(parameters)
      .map(([key, value]) => `${key}="${value.replaceAll(/["\\]/g, '\\$&')}"`)
      .join(', ')}`.trim();
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
      expect(read(challenges.map(written).join(', '))).toEqual(
        challenges.map(([scheme, parameters]) => [scheme, { ...parameters }]),
      );
    }),
  );
});
