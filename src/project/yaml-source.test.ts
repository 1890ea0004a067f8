import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProject } from './parse-project.ts';
import { parseRehearsalFile } from './parse-rehearsal-file.ts';
import { readYaml } from './yaml-source.ts';

const read = (text: string) => readYaml(text, 'f.yaml');
const placesOf = (text: string) => read(text).problems.map(({ line, column, length }) => `${line}:${column}+${length}`);

describe('broken YAML', () => {
  test('an unclosed bracket is told where it was opened, and the rest is read', () => {
    const source = read('a: 1\nb: [x, y\nc: 3\n');
    expect(source.value).toEqual({ a: 1, b: ['x', 'y'], c: 3 });
    expect(source.problems).toMatchObject([{ code: 'config/syntax', line: 2, column: 4, length: 5 }]);
  });

  test('an unclosed quote is told where it was opened', () => {
    expect(placesOf('a: 1\nb: "x\nc: 3\n')).toEqual(['2:4+2']);
  });

  test.each([
    ['a:\n\tb: 1\n', '2:1+1'],
    ['a: b: c\n', '1:4+1'],
    ['a:\n    b: 1\n  c: 2\n', '3:1+1'],
    ['a: *nope\n', '1:4+5'],
  ])('%j', (text, place) => {
    expect(placesOf(text)).toEqual([place]);
  });

  test('a text that is nested without end is refused, not a crash', () => {
    expect(read('['.repeat(20_000)).problems.length).toBeGreaterThan(0);
    expect(read('a: '.repeat(200)).problems.length).toBeGreaterThan(0);
  });
});

test('a key that is written twice keeps its first value and is told at the second', () => {
  const source = read('a: 1\nb: 2\na: 3\n');
  expect(source.value).toEqual({ a: 1, b: 2 });
  expect(source.problems).toMatchObject([
    { code: 'config/duplicate-key', line: 3, column: 1, message: 'the key `a` is written twice; first on line 1' },
  ]);
});

test('an alias stands for its anchor; one that holds itself ends as a problem', () => {
  expect(read('a: &x { k: 1 }\nb: *x\n').value).toEqual({ a: { k: 1 }, b: { k: 1 } });
  const line = (_: unknown, index: number) => `k${index}: &k${index} [*k${index - 1}, *k${index - 1}]\n`;
  const bomb = `k0: &k0 [x]\n${Array.from({ length: 30 }, line).slice(1).join('')}`;
  expect(read(bomb).problems.length).toBeGreaterThan(0);
});

test('lines and columns hold for Windows line ends and a missing end of line', () => {
  const source = read('a: 1\r\nb: x');
  const problem = source.place({ code: 'config/wrong-value', message: '', hint: '', path: ['b'], at: 'value' });
  expect(problem).toMatchObject({ line: 2, column: 4, length: 1, sourceLine: 'b: x' });
});

test('a key named like a member of every object is only a key', () => {
  const { problems } = parseProject('service: a\n__proto__: { x: 1 }\nconstructor: 1\n', 'f', {
    toolchain: 'rust',
    file: 'Cargo.toml',
  });
  expect(problems.map(({ code, line }) => `${code} ${line}`)).toEqual(['config/unknown-key 2', 'config/unknown-key 3']);
});

test('no text makes a parser throw, and every problem stands inside of the text', () => {
  const keys =
    'service: |environments:|staging|canary|steps|weight: 5%|rolling|pause: 1m|from: main|events|releases|expect|at: 1s';
  const marks = '\n|\n  |\n    |: |- |{ | }|[|]|, |"|&a |*a|#|\t|>|1|null';
  const piece = fc.constantFrom(...keys.split('|'), ...marks.split('|'));
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (text) => {
      const lines = text.split('\n');
      const { project, problems } = parseProject(text, 'f', null);
      expect(project === null).toBe(problems.length > 0);
      for (const { line, column, length } of [...problems, ...parseRehearsalFile(text, 'f').problems]) {
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
        expect(length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 400 },
  );
});
