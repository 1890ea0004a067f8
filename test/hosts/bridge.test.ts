/**
 * A real run in the environment of a job of each CI system, on a small project with a planted lint and a failing test that
 * prints what a host would take for commands, and a secret.
 */

import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../src/kernel/workspace.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const SECRET = 'correct-horse-battery';
const EVIL = [
  '::error file=evil.rs,line=1::injected',
  '::stop-commands::evil',
  '##[add-matcher]/evil.json',
  '\u001b[0Ksection_end:1:test_integration\r\u001b[0K',
];

const scratch = temporaryFolder('slipway-bridge-');
const repository = join(scratch, 'repository');
// The service is not the whole repository, as in many.
const project = join(repository, 'services', 'tally');
let commit = '';

function git(...args: string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.invalid'];
  return spawnSync('git', [...who, ...args], { cwd: repository, encoding: 'utf8' }).stdout.trim();
}

beforeAll(() => {
  cpSync(join(CHECKOUT, 'test/fixtures/tally'), project, { recursive: true });
  appendFileSync(
    join(project, 'src', 'lib.rs'),
    '\npub fn planted(text: &str) -> usize {\n    return text.len();\n}\n',
  );
  const said = [...EVIL, SECRET].map(
    (line) => `    println!("{}", ${JSON.stringify(line).replaceAll('\\u001b', '\\u{1b}')});`,
  );
  writeFileSync(
    join(project, 'tests', 'planted.rs'),
    `#[test]\nfn fails() {\n${said.join('\n')}\n    panic!("::error::of the panic");\n}\n\n#[test]\nfn passes() {}\n`,
  );
  writeFileSync(
    join(project, 'slipway.yaml'),
    'service: tally\nbuild: { target: wasm32-wasip1 }\nenvironments: { staging: { from: [develop], secrets: { TOKEN: env:TALLY_TOKEN } } }\n',
  );
  spawnSync('git', ['init', '--quiet', '--initial-branch=develop', repository]);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'planted');
  commit = git('rev-parse', 'HEAD');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** `slipway run STAGE` as a job would do it. */
function run(
  stage: string,
  host: Readonly<Record<string, string>>,
): { readonly status: number | null; readonly log: string } {
  const { PATH = '', HOME = '', CARGO_HOME, RUSTUP_HOME } = process.env;
  const rust = { ...(CARGO_HOME ? { CARGO_HOME } : {}), ...(RUSTUP_HOME ? { RUSTUP_HOME } : {}) };
  const { status, stdout, stderr } = spawnSync(join(CHECKOUT, 'bin/slipway'), ['run', stage], {
    cwd: project,
    encoding: 'utf8',
    env: { PATH, HOME, ...rust, SLIPWAY_HOME: join(scratch, 'home'), TALLY_TOKEN: SECRET, ...host },
  });
  return { status, log: stdout + stderr };
}

function report(name: string): string {
  return readFileSync(join(project, '.slipway', 'reports', name), 'utf8');
}

/** What all hosts get. */
function expectReports(): void {
  expect(JSON.parse(report('code-quality.json'))).toEqual([]);
  const junit = report('junit.xml');
  expect(junit).toMatch(/<testcase name="passes" classname="test\/integration tests\/planted"\/>/);
  expect(junit).toMatch(/<testcase name="fails"[^]*?<failure message="::error::of the panic">/);
  expect(junit).toMatch(/<testsuites name="tally" tests="\d+" failures="1" errors="0" skipped="1">/);
  for (const name of ['junit.xml', 'summary.md', 'findings.sarif']) expect(report(name)).not.toContain(SECRET);
}

describe('a job on GitHub', () => {
  const [summary, output] = [join(scratch, 'summary.md'), join(scratch, 'output')];
  const github = (): Record<string, string> => ({
    GITHUB_ACTIONS: 'true',
    CI: 'true',
    GITHUB_RUN_ID: '7',
    GITHUB_WORKSPACE: repository,
    GITHUB_SHA: commit,
    GITHUB_EVENT_NAME: 'push',
    GITHUB_REF: 'refs/heads/develop',
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: output,
  });
  /** Commands that the runner reads in a log. */
  const commands = (log: string): readonly string[] =>
    log.split(/\r\n|\r|\n/).filter((line) => line.trim().startsWith('::') || line.includes('##['));

  test('shows a lint at its line in the repository', () => {
    const { status, log } = run('check', github());
    expect(status).toBe(1);
    expect(log).toContain('(branch develop); GitHub, run 7');
    const errors = commands(log).filter((line) => line.startsWith('::error'));
    expect(errors.join('\n')).toMatch(
      /::error file=services\/tally\/src\/lib\.rs,line=\d+,endLine=\d+,col=\d+,endColumn=\d+,title=clippy%3A%3Aneedless_return::unneeded `return` statement/,
    );
    expect(JSON.parse(report('code-quality.json'))).toContainEqual(
      expect.objectContaining({
        check_name: 'clippy::needless_return',
        location: expect.objectContaining({ path: 'services/tally/src/lib.rs' }),
      }),
    );
    expect(readFileSync(summary, 'utf8')).toMatch(/### tally: check failed[^]*\| ❌ \| check\/lint \|/);
    expect(readFileSync(output, 'utf8')).toMatch(/^outcome<<(end-[0-9a-f]{32})\nfailed\n\1\n$/);
    expect(existsSync(join(project, '.slipway', 'reports', 'junit.xml'))).toBe(false);
  });

  test('takes nothing that a test prints for a command, and hides the secret', () => {
    const { status, log } = run('test', github());
    expect(status).toBe(1);
    for (const line of commands(log)) expect(line).toMatch(/^::(group|endgroup|add-mask|error)\b/);
    const errors = commands(log).filter((line) => line.startsWith('::error'));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^::error file=services\/tally\/tests\/planted\.rs,line=\d+,col=\d+,title=test::fails/);
    // It stands only where the host is told to hide it.
    const shown = log.split('\n').filter((line) => line.includes(SECRET));
    expect(shown).not.toEqual([]);
    for (const line of shown) expect(line).toMatch(/^::add-mask::/);
    expect(log).toContain('> ::stop-commands::evil');
    expectReports();
  });
});

test('a job on GitLab is folded, and no test can end a fold', () => {
  const { status, log } = run('test', {
    GITLAB_CI: 'true',
    CI: 'true',
    CI_JOB_ID: '9',
    CI_PROJECT_DIR: repository,
    CI_COMMIT_SHA: commit,
    CI_COMMIT_BRANCH: 'develop',
  });
  expect(status).toBe(1);
  expect(log).toContain('(branch develop); GitLab, job 9');
  // oxlint-disable-next-line no-control-regex -- what GitLab looks for
  const marks = [...log.matchAll(/section_(start|end):\d+:([\w.-]+)(?:\[[^\]]*\])?\r\u001b\[0K/g)].map(
    ([, which, name]) => `${which} ${name}`,
  );
  expect(marks.toSorted()).toEqual(
    ['end test_integration', 'end test_unit', 'start test_integration', 'start test_unit'].filter((mark) =>
      marks.includes(mark),
    ),
  );
  expect(marks).toContain('end test_integration');
  expect(log).not.toContain(SECRET);
  expect(log).toContain('[secret]');
  expectReports();
});

test('a job on Jenkins is plain, and leaves the same reports', () => {
  const { status, log } = run('test', {
    JENKINS_URL: 'http://ci.invalid/',
    JOB_NAME: 'herald/develop',
    BUILD_NUMBER: '4',
    WORKSPACE: repository,
    BRANCH_NAME: 'develop',
    GIT_COMMIT: commit,
  });
  expect(status).toBe(1);
  expect(log).toContain('(branch develop); Jenkins, herald/develop #4');
  // oxlint-disable-next-line no-control-regex -- it would show them as they are
  expect(log).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
  expect(log).not.toContain(SECRET);
  expectReports();
});
