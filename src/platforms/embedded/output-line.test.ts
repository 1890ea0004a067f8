import { expect, test } from 'vitest';
import { parseOutputLine, timePrefix } from './output-line.ts';

test('a line is read with the time that was put before it', () => {
  const at = Date.UTC(2026, 10, 24, 10, 0, 0, 7);
  expect(parseOutputLine(`${timePrefix(at)}  indented`)).toEqual({ at, text: '  indented' });
  expect(parseOutputLine(timePrefix(at))).toEqual({ at, text: '' });
});

test.each(['', 'hello', '2026-11-24 hello', '2026-99-99T99:99:99.999Z hello'])('%j has no time', (text) => {
  expect(parseOutputLine(text)).toEqual({ at: null, text });
});
