import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateOn, matchesFilter } from '../../../test/rigs/github-workflow.ts';
import { matchesGlob } from '../../project/index.ts';
import { ambiguity, conditionOf, filterPattern, quoted } from './expression.ts';

/** What GitHub does with a push to a branch: lets it in by `on:`, then asks the condition of the job. */
function letsIn(pattern: string, name: string): boolean {
  const way = { event: 'push', ref: 'branch', pattern } as const;
  const condition = conditionOf({ ways: [way] }) ?? 'true';
  return evaluateOn(condition, { event: 'push', ref: 'branch', name });
}

const letter = fc.constantFrom('a', 'A', 'b', '/', '.', '-');
const name = fc.string({ unit: letter, minLength: 1, maxLength: 6 });
const pattern = fc.string({ unit: fc.oneof(letter, fc.constant('*')), minLength: 1, maxLength: 6 });

test('of two patterns that are not ambiguous each lets in what it matches, and nothing that is there for the other', () => {
  fc.assert(
    fc.property(pattern, pattern, name, (own, other, pushed) => {
      fc.pre(ambiguity(own, [own, other]) === undefined);
      const admitted = [own, other].some((one) => matchesFilter(filterPattern(one), pushed));
      fc.pre(admitted);
      expect(letsIn(own, pushed)).toBe(matchesGlob(own, pushed));
    }),
    { numRuns: 3000 },
  );
});

test('a filter pattern lets in at least what the pattern of the project file matches', () => {
  fc.assert(
    fc.property(pattern, name, (own, pushed) => {
      fc.pre(matchesGlob(own, pushed));
      expect(matchesFilter(filterPattern(own), pushed)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['feature/*', 'feature/**'],
  ['v*.*.*', 'v**.**.**'],
  ['!odd', String.raw`\!odd`],
  ['a[b]+c?', String.raw`a\[b]\+c\?`],
])('%s is %s in a filter', (written, expected) => {
  expect(filterPattern(written)).toBe(expected);
});

describe('what GitHub can not tell apart is seen', () => {
  test.each([
    // It compares without regard to case.
    ['main', 'Main'],
    ['main', 'm*'],
    // It sees parts of a name, not their order.
    ['v*.*.*', 'v*-nightly'],
  ])('%s beside %s', (own, other) => {
    expect(ambiguity(own, [other])).toBe(other);
  });

  test('`**/` may be nothing at all for GitHub', () => {
    expect(ambiguity('team/*/v*', [])).toBe('team/*/v*');
    expect(ambiguity('team/*/next', [])).toBeUndefined();
    expect(letsIn('team/*/next', 'team/next')).toBe(false);
  });

  test('the patterns of the branch models are not ambiguous', () => {
    const branches = ['main', 'develop', 'feature/*', 'bugfix/*', 'release/*', 'hotfix/*'];
    for (const one of branches) expect(ambiguity(one, branches)).toBeUndefined();
    expect(ambiguity('v*.*.*', ['v*.*.*'])).toBeUndefined();
  });
});

test('quotes in a text are doubled', () => {
  expect(quoted("it's")).toBe("'it''s'");
});
