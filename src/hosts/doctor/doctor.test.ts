/** Each defect of facts/ci.md section 3.4, and those shapes of 3.1 to 3.3 that the rules know, planted once in a file that is clean. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { graphOf } from '../../../test/hosts/project-graph.ts';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { openGenerator } from '../index.ts';
import { HOSTS } from '../host-generator.ts';
import { SHIPPED_PINS } from '../pins.ts';
import { examine, findingsIn } from './examine.ts';
import { formatFindings } from './finding.ts';
import { RULES } from './rules.ts';
import { createSourceFile, type FileKind } from './source-file.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/doctor');
const clean = (name: string): string => readFileSync(join(FIXTURES, 'clean', name), 'utf8');

const CLEAN: Readonly<Record<FileKind, string>> = {
  github: clean('workflow.yml'),
  gitlab: clean('gitlab-ci.yml'),
  jenkins: clean('Jenkinsfile'),
  kubernetes: clean('objects.yaml'),
  dockerfile: clean('Dockerfile'),
  script: clean('release.sh'),
};

interface Defect {
  readonly code: string;
  readonly kind: FileKind;
  readonly replace: string;
  readonly by: string;
  readonly at?: string;
  readonly right: string;
}

const DEFECTS = parse(readFileSync(join(FIXTURES, 'defects.yaml'), 'utf8')) as Record<'guide' | 'shapes', Defect[]>;
const ALL = [...DEFECTS.guide, ...DEFECTS.shapes];

const found = (kind: FileKind, text: string) => findingsIn(createSourceFile('file', kind, text));

describe.each(Object.entries(CLEAN))('a clean file for %s', (kind, text) => {
  test('gives nothing', () => {
    expect(found(kind as FileKind, text)).toEqual([]);
  });
});

test.each(ALL.map((defect) => [defect.code, defect.kind, defect] as const))(
  '%s in a file for %s',
  (_code, _kind, defect) => {
    const { code, kind, replace, by, at, right } = defect;
    const marked = CLEAN[kind].replace(replace, () => by);
    const text = marked.replace('«', '');
    expect(text).not.toBe(CLEAN[kind]);
    const [finding, ...more] = found(kind, text);
    expect(more).toEqual([]);
    const before = text.slice(0, marked.indexOf(at ?? '«')).split('\n');
    expect(finding).toMatchObject({ code, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 });
    expect(finding?.sourceLine).toBe(text.split('\n')[before.length - 1]);
    expect(finding?.right).toContain(right);
  },
);

test('each rule is planted, says why and what is right, and its code is its own', () => {
  const codes = RULES.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(new Set(ALL.map(({ code }) => code))).toEqual(new Set(codes));
  for (const { what, why, right, source } of RULES)
    expect(Math.min(...[what, why, right, source].map((it) => it.length))).toBeGreaterThan(5);
});

test.each([
  ['toJSON(github.event)', 'github.event'],
  ['toJSON( github )', 'github'],
  ["github.event['issue'].title", "github.event['issue'].title"],
  ["github['head_ref']", "github['head_ref']"],
  ['github.event.commits[0].message', 'github.event.commits[0].message'],
  ["format('{0}', github.event.issue.title)", 'github.event.issue.title'],
  ['github.event.number || GitHub.Event.issue.body', 'GitHub.Event.issue.body'],
])('a stranger chooses what stands in a script: %s', (expression, member) => {
  const text = CLEAN.github.replace('run: cargo', () => `run: echo "\${{ ${expression} }}" && cargo`);
  expect(found('github', text)).toMatchObject([
    { code: 'github/script-injection', what: `\`${member}\` becomes part of a script` },
  ]);
});

test.each([
  'github.event_name',
  'github.event.pull_request.number',
  "github.event['pull_request']['number']",
  "github.event.inputs['job']",
  'toJSON(github.event.inputs)',
  'steps.github.outputs.event',
  'github.sha',
])('no stranger chooses what stands in a script: %s', (expression) => {
  const text = CLEAN.github.replace('run: cargo', () => `run: echo "\${{ ${expression} }}" && cargo`);
  expect(found('github', text)).toEqual([]);
});

test('platforms in a matrix are no targets, where the command line takes them from there', () => {
  const matrix = '    strategy:\n      matrix:\n        target: [linux/amd64, wasm32-wasip1]\n    steps:\n';
  const text = CLEAN.github.replace('    steps:\n', matrix);
  expect(found('github', text)).toEqual([]);
  const used = text.replace('wasm32-wasip1 #', '${{ matrix.target }} #');
  expect(found('github', used).map(({ code, line, column }) => [code, line, column])).toEqual([
    ['rust/platform-as-target', 12, 18],
  ]);
});

test('what the tool prints is what the pattern is held against', () => {
  const known = [
    ['cargo tarpaulin', '/^\\d+.\\d+% coverage/'],
    ['cargo llvm-cov', '/TOTAL.*\\s(\\d+\\.\\d+)%/'],
    ['go test ./... -cover', '/coverage: \\d+.\\d+% of statements/'],
    ['npx jest --coverage', '/All files[^|]*\\|[^|]*\\s+([\\d\\.]+)/'],
    ['pytest --cov', '/(?i)total.*? (100(?:\\.0+)?\\%|[1-9]?\\d(?:\\.\\d+)?\\%)$/'],
    ['make test', '/anything (\\d+)/'],
  ] as const;
  for (const [script, pattern] of known) {
    const text = `test:\n  script: [${script}]\n  coverage: '${pattern}'\n`;
    expect(found('gitlab', text)).toEqual([]);
  }
  const extended = ".base:\n  script: [cargo tarpaulin]\ntest:\n  extends: .base\n  coverage: '/TOTAL (\\d+)%/'\n";
  expect(found('gitlab', extended).map(({ code, line }) => [code, line])).toEqual([['gitlab/coverage-regex', 5]]);
});

describe('what our own generator writes gives nothing', () => {
  const projects = join(import.meta.dirname, '../../../test/hosts/projects');
  test.each(HOSTS)('for %s', async (host) => {
    const generator = await openGenerator(host);
    const files = readdirSync(projects).map((name) => {
      try {
        return generator.generate(graphOf(readFileSync(join(projects, name), 'utf8')), SHIPPED_PINS).text;
      } catch {
        // Not every host can say everything: then there is no file.
        return null;
      }
    });
    const written = files.filter((text) => text !== null);
    expect(written.length).toBeGreaterThan(10);
    for (const text of written) expect(found(host, text)).toEqual([]);
  });
});

describe('a repository', () => {
  const folder = temporaryFolder('slipway-doctor-');
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  mkdirSync(join(folder, '.git'));
  write('.github/workflows/ci.yml', CLEAN.github);
  write('.github/dependabot.yml', 'version: 2\n');
  write('ci/Jenkinsfile', CLEAN.jenkins.replace('agent none', 'agent any'));
  write('.gitlab-ci.yml', CLEAN.gitlab);
  write('deploy/canary.yaml', CLEAN.kubernetes.replace('io/v1\n', 'io/v1beta1\n'));
  write('deploy/values.yaml', 'image: bitnami/kubectl:latest\n');
  write('node_modules/x/Dockerfile', 'FROM bitnami/kubectl\n');
  write('src/main.rs', '// wasm32-wasi');

  test('is looked through from anywhere inside of it, other folders left alone', () => {
    const { files, findings, unreadable } = examine({ folder: join(folder, 'ci'), paths: [] });
    const inside = (path: string) => join(folder, path);
    expect(files).toEqual(
      ['.github/workflows/ci.yml', '.gitlab-ci.yml', 'ci/Jenkinsfile', 'deploy/canary.yaml'].map(inside),
    );
    expect(findings.map(({ code, file }) => [code, file])).toEqual([
      ['jenkins/input-holds-agent', inside('ci/Jenkinsfile')],
      ['istio/old-api', inside('deploy/canary.yaml')],
    ]);
    expect(unreadable).toEqual([]);
    expect(examine({ folder, paths: [] }).files).toContain('ci/Jenkinsfile');
  });

  test('named files and folders are looked at alone', () => {
    expect(examine({ folder, paths: ['deploy', '.gitlab-ci.yml'] }).files).toEqual([
      'deploy/canary.yaml',
      '.gitlab-ci.yml',
    ]);
  });

  test('what can not be read is said', () => {
    write('broken.yml', 'jobs: [\non: {');
    const { unreadable, files } = examine({ folder, paths: ['gone.yml', 'broken.yml', 'src/main.rs'] });
    expect(unreadable.map(({ file, reason }) => `${file} ${reason}`)).toEqual([
      'gone.yml is not there',
      'src/main.rs is no file of a CI system that is known here',
      'broken.yml is no YAML',
    ]);
    expect(files).toEqual(['broken.yml']);
  });
});

test('a finding is shown with its line, the reason and the right form', () => {
  const text = CLEAN.github.replace('ubuntu-24.04', 'ubuntu-latest');
  expect(formatFindings(found('github', text), { colour: false })).toBe(
    [
      'file:8:14: github/floating-runner: a runner that becomes another system one day',
      ' 8 |     runs-on: ubuntu-latest',
      '   |              ^^^^^^^^^^^^^',
      '   = why: `-latest` is moved to the next version of the system by GitHub.',
      '   = right: `ubuntu-24.04`',
      '   = see: https://github.com/actions/runner-images',
    ].join('\n'),
  );
});
