import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCgiResponse } from './cgi-response.ts';

function read(text: string, method = 'GET') {
  const answer = readCgiResponse(method, Buffer.from(text, 'latin1'));
  if (typeof answer === 'string') return answer;
  const headers = answer.headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString('latin1')}`);
  return [answer.status, ...headers, Buffer.concat(answer.body?.chunks() ?? []).toString('latin1')];
}

test.each([
  ['content-type: text/plain\n\nbody\n', [200, 'content-type: text/plain', 'body\n']],
  ['Content-Type: text/plain\r\nX-A:  b \r\n\r\n\r\nbody', [200, 'content-type: text/plain', 'x-a: b', '\r\nbody']],
  ['Status: 404 Not Found\n\n', [404, '']],
  ['status: 503\nretry-after: 1\n\nno', [503, 'retry-after: 1', 'no']],
  ['Location: /elsewhere\n\n', [302, 'location: /elsewhere', '']],
  ['Location: /made\nStatus: 201\n\n', [201, 'location: /made', '']],
  ['Set-Cookie: a=1\nSet-Cookie: b=2\n\n', [200, 'set-cookie: a=1', 'set-cookie: b=2', '']],
  ['Content-Length: 2\n\nok', [200, 'content-length: 2', 'ok']],
  ['\nbody', [200, 'body']],
])('%j is an answer', (text, expected) => {
  expect(read(text)).toEqual(expected);
});

test('an answer to HEAD may announce a body that it leaves out', () => {
  expect(read('Content-Length: 100\n\n', 'HEAD')).toEqual([200, 'content-length: 100', '']);
});

test.each([
  ['', 'no head'],
  ['Hello, world!\n', 'a line without a name'],
  ['content-type: text/plain\n', 'no head'],
  [': x\n\n', 'a line without a name'],
  ['Status: banana\n\n', 'a status that is none'],
  ['Status: 101\n\n', 'a status that is none'],
  ['Status: 2000\n\n', 'a status that is none'],
  ['Transfer-Encoding: chunked\n\n', 'a field that no answer may have'],
  ['Connection: close\n\n', 'a field that no answer may have'],
  ['a b: c\n\n', 'a field that no answer may have'],
  ['a: b\rc: d\n\n', 'a field that no answer may have'],
  ['Content-Length: 3\n\nok', 'its body has 2 bytes'],
  ['Content-Length: 2\nContent-Length: 2\n\nok', 'its body has 2 bytes'],
  [`a: ${'x'.repeat(300_000)}\n\n`, 'no head'],
])('%# is none, and says what is wrong', (text, reason) => {
  expect(read(text)).toContain(reason);
});

test('whatever is written, it is read as an answer or refused, and the body is what follows the first empty line', () => {
  const line = fc.constantFrom('a: b\n', 'Status: 204\r\n', '\n', '\r\n', 'junk\n', ':', 'x');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.string(), (lines, rest) => {
      const text = lines.join('') + rest;
      const answer = read(text);
      if (typeof answer === 'string') return;
      const head = /^(?:[^\n]+\n)*?\r?\n/.exec(text)?.[0] ?? '';
      expect(answer.at(-1)).toBe(Buffer.from(text.slice(head.length), 'latin1').toString('latin1'));
    }),
  );
});
