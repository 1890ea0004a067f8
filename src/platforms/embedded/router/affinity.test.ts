import { describe, expect, test } from 'vitest';
import { keyOf } from './affinity.ts';

const COOKIE = { kind: 'cookie', name: 'slipway' } as const;

describe('the key of a request', () => {
  test('is the value of the header, whatever the case of its name', () => {
    expect(keyOf({ kind: 'header', name: 'X-User' }, { 'x-user': 'ana' })).toEqual({ value: 'ana', cookie: null });
  });

  test.each([{}, { 'x-user': '' }])('is missing where the header is: %j', (headers) => {
    expect(keyOf({ kind: 'header', name: 'x-user' }, headers)).toBeNull();
  });

  test('is nothing where users are not kept', () => {
    expect(keyOf({ kind: 'none' }, { cookie: 'slipway=a' })).toBeNull();
  });

  test.each([
    ['slipway=abc', 'abc'],
    ['theme=dark; slipway=abc; slipway=def', 'abc'],
    ['slipway = abc ;x', 'abc'],
    ['slipway="quoted"', '"quoted"'],
    ['other-slipway=no; slipway=a=b', 'a=b'],
  ])('is the value of the cookie: %s', (cookie, value) => {
    expect(keyOf(COOKIE, { cookie })).toEqual({ value, cookie: null });
  });

  test.each([undefined, '', 'slipway', 'slipway=', 'slipway2=x', '=slipway'])(
    'is a new one, to be set as the cookie, for a client with the cookies %j',
    (cookie) => {
      const headers = cookie === undefined ? {} : { cookie };
      const [one, other] = [keyOf(COOKIE, headers), keyOf(COOKIE, headers)];
      expect(one?.value).toMatch(/^[0-9a-f]{24}$/);
      expect(one?.cookie).toBe(`slipway=${one?.value}`);
      expect(one?.value).not.toBe(other?.value);
    },
  );
});
