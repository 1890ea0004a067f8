import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { branchSlug, deploymentsFor, whyNowhere } from './branch-rules.ts';
import { globsOverlap, matchesGlob } from './glob.ts';
import { parseProject } from './parse-project.ts';
import type { Project } from './project.ts';
import type { Revision } from './revision.ts';

function projectOf(text: string): Project {
  const { draft } = parseProject(`service: greeter\n${text}`, 'slipway.yaml', {
    toolchain: 'rust',
    file: 'Cargo.toml',
  });
  if (draft === null) throw new Error('the file of this test makes no sense');
  return draft;
}

const branch = (name: string): Pick<Revision, 'kind' | 'name'> => ({ kind: 'branch', name });
const tag = (name: string): Pick<Revision, 'kind' | 'name'> => ({ kind: 'tag', name });
const ways = (project: Project, revision: Pick<Revision, 'kind' | 'name'>) =>
  deploymentsFor(project, revision).map(({ environment, approval }) =>
    approval ? `${environment} by approval` : environment,
  );

describe('gitflow', () => {
  const project = projectOf('branches: gitflow\nenvironments: { preview: {}, staging: {}, production: {} }\n');

  test.each([
    ['develop', ['staging']],
    ['main', ['production']],
    ['feature/login', ['preview']],
    ['feature/team/login', ['preview']],
    ['bugfix/7', ['preview']],
    ['release/1.2', ['staging']],
    ['hotfix/7', ['staging', 'production by approval']],
    ['master', []],
    ['features/x', []],
  ])('the branch %s goes to %j', (name, expected) => {
    expect(ways(project, branch(name))).toEqual(expected);
  });

  test('a version tag goes to production, another tag nowhere, and a branch of that name is no tag', () => {
    expect(ways(project, tag('v1.2.3'))).toEqual(['production']);
    expect(ways(project, tag('v1'))).toEqual([]);
    expect(ways(project, branch('v1.2.3'))).toEqual([]);
    expect(ways(project, tag('main'))).toEqual([]);
  });

  test('why is told', () => {
    expect(deploymentsFor(project, branch('hotfix/7'))[0]?.why).toBe(
      'branch hotfix/7 is one of hotfix/*, by `branches: gitflow`',
    );
    expect(whyNowhere(project, branch('master'))).toContain('branch master');
  });

  test('an environment that is not in the file is not deployed to', () => {
    expect(ways(projectOf('branches: gitflow\nenvironments: { production: {} }\n'), branch('hotfix/7'))).toEqual([
      'production by approval',
    ]);
  });
});

test('trunk: main goes to staging, then production', () => {
  const project = projectOf('branches: trunk\nenvironments: { production: {}, staging: {} }\n');
  expect(ways(project, branch('main'))).toEqual(['staging', 'production']);
  expect(ways(project, branch('develop'))).toEqual([]);
});

test('`from` overrides the preset, and matches branches and tags', () => {
  const project = projectOf(
    'branches: gitflow\nenvironments: { staging: {}, production: { from: [stable, "v*.*.*"] } }\n',
  );
  expect(ways(project, branch('main'))).toEqual([]);
  expect(ways(project, branch('hotfix/7'))).toEqual(['staging']);
  expect(ways(project, branch('stable'))).toEqual(['production']);
  expect(ways(project, tag('v1.2.3-rc.1'))).toEqual(['production']);
});

test('an environment with an approval asks for it on every way', () => {
  const project = projectOf('environments: { production: { from: main, approval: 2 } }\n');
  expect(ways(project, branch('main'))).toEqual(['production by approval']);
});

test('with no environment but the implicit one everything goes to local; with others only what a rule names', () => {
  expect(ways(projectOf(''), branch('anything'))).toEqual(['local']);
  expect(ways(projectOf(''), { kind: 'detached', name: 'abc' })).toEqual(['local']);
  const project = projectOf('environments: { staging: {} }\n');
  expect(ways(project, branch('main'))).toEqual([]);
  expect(whyNowhere(project, branch('main'))).toContain('no `branches` and no `from`');
});

test('a pull request and a detached commit are deployed nowhere, whatever they are called', () => {
  const project = projectOf('environments: { all: { from: "*" } }\n');
  expect(ways(project, branch('x'))).toEqual(['all']);
  expect(ways(project, { kind: 'pullRequest', name: '7' })).toEqual([]);
  expect(ways(project, { kind: 'detached', name: 'abc' })).toEqual([]);
});

test('a slug is a DNS label, and a name that is cut or lost keeps apart by its hash', () => {
  expect(branchSlug('feature/Login Form')).toBe('feature-login-form');
  expect(branchSlug('--x--')).toBe('x');
  const long = branchSlug('feature/' + 'x'.repeat(80));
  expect(long).toMatch(/^feature-x{46}-[0-9a-f]{8}$/);
  expect(long).not.toBe(branchSlug('feature/' + 'x'.repeat(81)));
  expect(branchSlug('日本')).not.toBe(branchSlug('中国'));
  fc.assert(fc.property(fc.string(), (name) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(branchSlug(name))));
});

describe('globs', () => {
  const pattern = fc.array(fc.constantFrom('a', 'b', '/', '*'), { maxLength: 6 }).map((parts) => parts.join(''));
  const name = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 6 }).map((parts) => parts.join(''));

  test('match what a regular expression matches', () => {
    fc.assert(
      fc.property(pattern, name, (pattern, name) => {
        expect(matchesGlob(pattern, name)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name));
      }),
    );
    expect(matchesGlob('v*.*.*', 'v1.2.3')).toBe(true);
    expect(matchesGlob('v*.*.*', 'v1x2x3')).toBe(false);
  });

  test('overlap when some name matches both, and only then', () => {
    fc.assert(
      fc.property(pattern, pattern, name, (one, other, name) => {
        const overlap = globsOverlap(one, other);
        const both = matchesGlob(one, name) && matchesGlob(other, name);
        expect(both && !overlap).toBe(false);
        expect(globsOverlap(other, one)).toBe(overlap);
      }),
      { numRuns: 1000 },
    );
    expect(globsOverlap('release/*', 'hotfix/*')).toBe(false);
    expect(globsOverlap('v*.*.*', 'v1')).toBe(false);
    expect(globsOverlap('a*b', '*ab')).toBe(true);
    expect(globsOverlap('a*b', 'b*a')).toBe(false);
  });
});
