import { expect, test } from 'vitest';
import { cgiEnvironment } from './cgi-request.ts';
import type { RequestParts } from '../wasi/http-messages.ts';

const REQUEST: RequestParts = {
  method: 'GET',
  path: '/',
  authority: undefined,
  headers: [],
  body: new Uint8Array(0),
  trailers: [],
};

function variables(
  request: Partial<RequestParts>,
  configured: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const all = cgiEnvironment({ request: { ...REQUEST, ...request }, configured });
  return Object.fromEntries(
    all.map((bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      const at = text.indexOf('=');
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

const field = (name: string, value: string): [string, Uint8Array] => [name, Buffer.from(value, 'latin1')];

test('a request is told in the variables of RFC 3875, the path decoded and as it came', () => {
  const told = variables({
    method: 'POST',
    path: '/a%20b/c%2Fd?x=%201&y',
    authority: 'greeter.local.localhost:7878',
    headers: [field('content-type', 'text/plain'), field('content-length', '4')],
    body: Buffer.from('body'),
  });
  expect(told).toEqual({
    CONTENT_LENGTH: '4',
    CONTENT_TYPE: 'text/plain',
    GATEWAY_INTERFACE: 'CGI/1.1',
    PATH_INFO: '/a b/c/d',
    QUERY_STRING: 'x=%201&y',
    REQUEST_METHOD: 'POST',
    SCRIPT_NAME: '',
    SERVER_NAME: 'greeter.local.localhost',
    SERVER_PORT: '7878',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_SOFTWARE: 'slipway',
    X_FULL_URL: 'http://greeter.local.localhost:7878/a%20b/c%2Fd?x=%201&y',
    X_RAW_PATH_INFO: '/a%20b/c%2Fd',
  });
});

test('fields are told as bytes, those of one name joined', () => {
  const headers = [field('accept', 'a'), field('accept', 'b'), field('cookie', 'x=1'), field('cookie', 'y=2')];
  const told = variables({ headers: [...headers, field('x-name', '\u00e4')] });
  expect(told).toMatchObject({ HTTP_ACCEPT: 'a, b', HTTP_COOKIE: 'x=1; y=2', HTTP_X_NAME: '\u00e4' });
});

test('a field named Proxy does not become the setting of a proxy', () => {
  expect(variables({ headers: [field('proxy', 'http://evil')] })).not.toHaveProperty('HTTP_PROXY');
});

test('what the release sets is never replaced by what a client says', () => {
  const told = variables({ headers: [field('token', 'forged')], path: '/?mine' }, { HTTP_TOKEN: 'own', OTHER: 'x' });
  expect(told).toMatchObject({ HTTP_TOKEN: 'own', OTHER: 'x', QUERY_STRING: 'mine' });
});

test.each(['/%', '/%ff', '/%00'])('the path %s, which can not be decoded, is told as it came', (path) => {
  expect(variables({ path })).toMatchObject({ PATH_INFO: path, X_RAW_PATH_INFO: path });
});
