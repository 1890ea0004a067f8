import { expect, test } from 'vitest';
import { tokenExpired, tokenOf } from './token.ts';

const token = (claims: unknown): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

test('a token says when it has expired, if it has', () => {
  expect(tokenExpired(token({ exp: 1000 }), 1_000_001)).toBe('1970-01-01T00:16:40.000Z');
  expect(tokenExpired(token({ exp: 1000 }), 999_999)).toBeNull();
  expect(tokenExpired(token({}), 1_000_001)).toBeNull();
  expect(tokenExpired('opaque', 1_000_001)).toBeNull();
});

test('the token of a request is found, where it shows one', () => {
  expect(tokenOf({ headers: { Authorization: 'Bearer abc' } })).toBe('abc');
  expect(tokenOf({ headers: {} })).toBeNull();
});
