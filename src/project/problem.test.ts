import { expect, test } from 'vitest';
import { editDistance, nearestName } from './nearest.ts';
import { parseProject } from './parse-project.ts';
import { formatProblems } from './problem.ts';

const problemsOf = (text: string) =>
  parseProject(text, 'slipway.yaml', { toolchain: 'rust', file: 'Cargo.toml' }).problems;

test('problems are printed as a compiler does: place, line, caret, hint, and how many', () => {
  expect(formatProblems(problemsOf('service: greeter\nbuild:\n  maxSzie: 1MB\n\n\n\n\nbranch: trunk\n'))).toBe(`\
slipway.yaml:3:3: error config/unknown-key: there is no key \`maxSzie\` here
 3 |   maxSzie: 1MB
   |   ^^^^^^^
   = Did you mean \`maxSize\`?

slipway.yaml:8:1: error config/unknown-key: there is no key \`branch\` here
 8 | branch: trunk
   | ^^^^^^
   = Did you mean \`branches\`?

2 problems
`);
  expect(formatProblems([])).toBe('');
});

test('a caret stands below what it points at, tabs before it or not', () => {
  const [problem] = problemsOf('service:\t\tGreeter\n');
  const [, line = '', caret = ''] = formatProblems(problem ? [problem] : []).split('\n');
  expect(line).toBe(' 1 | service:\t\tGreeter');
  expect(caret).toBe('   |         \t\t^^^^^^^');
});

test('color only when it is asked for', () => {
  const problems = problemsOf('x: 1\n');
  expect(formatProblems(problems)).not.toContain('\u001B');
  expect(formatProblems(problems, { color: true })).toContain('\u001B[31m');
});

test('the nearest name is one that differs in few letters', () => {
  const names = ['replicas', 'strategy', 'approval'];
  expect(nearestName('replicsa', names)).toBe('replicas');
  expect(nearestName('Strategy', names)).toBe('strategy');
  expect(nearestName('aproval', names)).toBe('approval');
  expect(nearestName('color', names)).toBeUndefined();
  expect(nearestName('x', ['of', 'by'])).toBeUndefined();
});

test.each([
  ['', '', 0],
  ['abc', '', 3],
  ['kitten', 'sitting', 3],
  ['ca', 'ac', 1],
  ['replica', 'replicas', 1],
])('from %j to %j it takes %i', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
  expect(editDistance(to, from)).toBe(distance);
});
