import { expect, test } from 'vitest';
import { wasRefused, wasUnread } from './replica-reply.ts';
import { connectionTo } from './routing-table.ts';

const failure = (code: string, syscall: string): Error => Object.assign(new Error(code), { code, syscall });

const SOCKET = '/home/run/7-ab.sock';
const PORT = '127.0.0.1:4567';

test('a replica is reached by its socket, or by host and port', () => {
  expect(connectionTo(SOCKET)).toEqual({ socketPath: SOCKET });
  expect(connectionTo(PORT)).toEqual({ host: '127.0.0.1', port: 4567 });
});

test('a connection that is lost proves only on a unix socket that the request was not read', () => {
  for (const lost of [failure('ECONNRESET', 'read'), failure('EPIPE', 'write')]) {
    expect(wasUnread(lost, SOCKET)).toBe(true);
    expect(wasUnread(lost, PORT)).toBe(false);
  }
  expect(wasUnread(new Error('socket hang up'), SOCKET)).toBe(false);
});

test('one that was refused proves it wherever it goes', () => {
  expect(wasRefused(failure('ECONNREFUSED', 'connect'))).toBe(true);
  expect(wasRefused(failure('ECONNRESET', 'read'))).toBe(false);
});
