import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { jenkinsGenerator } from '../../src/hosts/jenkins/jenkins-generator.ts';
import { SHIPPED_PINS } from '../../src/hosts/pins.ts';
import type { HostEvent } from '../../src/hosts/predicate.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { makeRepository } from '../rigs/git-repository.ts';
import { jenkinsHarness } from '../rigs/jenkins-harness.ts';
import { jenkinsOffences } from '../rigs/jenkins-structure.ts';
import { jenkinsEvent, jenkinsJobsOn } from '../rigs/jenkinsfile.ts';
import { graphOf } from './project-graph.ts';
import { EVENTS } from './truth/events.ts';
import { MODELS } from './truth/expected.ts';

const projects = join(import.meta.dirname, 'projects');
const names = readdirSync(projects).sort();
const textOf = (project: string): string => jenkinsGenerator.generate(graphOf(project), SHIPPED_PINS).text;
const gitflow = textOf(`${MODELS.gitflow}ci: { install: [] }\n`);

const harness = await jenkinsHarness();
if ('missing' in harness) process.stderr.write(`skipped: the Jenkins harness (${harness.missing})\n`);
const folder = temporaryFolder('slipway-jenkins-');
afterAll(() => rmSync(folder, { recursive: true }));

test.each(names)('the structure rules accept the file of %s', (name) => {
  expect(jenkinsOffences(textOf(readFileSync(join(projects, name), 'utf8')))).toEqual([]);
});

const SPOILT: Readonly<Record<string, (text: string) => string>> = {
  'a pipeline without an agent': (text) => text.replace('  agent none\n', ''),
  'a directive that does not exist': (text) => text.replace('      steps {', '      stepz {'),
  'a condition that does not exist': (text) => text.replace('changeRequest()', 'pullRequest()'),
  'an option that does not exist': (text) => text.replace('skipDefaultCheckout()', 'skipCheckout()'),
  'a stage that does two things': (text) =>
    text.replace('          parallel {', "          steps {\n echo 'x'\n}\n          parallel {"),
  'an agent on a parallel stage': (text) =>
    text.replace('          parallel {', '          agent any\n          parallel {'),
  'two stages of one name': (text) =>
    text
      .replace("stage('publish')", "stage('package')")
      .replace("stage('deploy-staging')", "stage('publish')")
      .replace("stage('deploy-preview')", "stage('publish')"),
  'steps and post on one line': (text) =>
    text.replace(
      /\n {6}\}\n {4}\}\n {4}stage\('deploy-preview'\)/,
      "\n      } post { always { echo 'x' } }\n    }\n    stage('deploy-preview')",
    ),
  'an empty when': (text) => text.replace(/when \{\n {8}beforeOptions true\n(?: {8}.*\n)+? {6}\}/, 'when {\n      }'),
  'parallel inside of parallel': (text) =>
    text.replace(
      "            stage('check') {\n",
      "            stage('more') {\n parallel {\n stage('x') {\n agent any\n steps {\n echo 'x'\n }\n }\n }\n }\n            stage('check') {\n",
    ),
};

test.each(Object.entries(SPOILT))('the structure rules refuse %s', (_, spoil) => {
  expect(spoil(gitflow)).not.toBe(gitflow);
  expect(jenkinsOffences(gitflow)).toEqual([]);
  expect(jenkinsOffences(spoil(gitflow))).not.toEqual([]);
});

test('an agent that is held while a person is asked is found', () => {
  const held = gitflow.replace("stage('deploy-production: ask') {", "stage('deploy-production: ask') {\n agent any");
  expect(jenkinsOffences(held).join('\n')).toMatch(/an agent is held/);
});

describe.skipIf('missing' in harness)('Groovy, the transformer of Jenkins and the harness', () => {
  test('accept the files of all projects', async () => {
    if ('missing' in harness) return;
    // Groovy makes a class of each, which is called like the file.
    const files = names.map((name, index) => {
      const file = join(folder, `Project${index}.groovy`);
      writeFileSync(file, textOf(readFileSync(join(projects, name), 'utf8')));
      return file;
    });
    const { exitCode, stdout } = await harness.lint(files);
    expect(
      stdout
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(': OK')),
    ).toEqual([`0 invalid of ${files.length}`]);
    expect(exitCode).toBe(0);
  });

  test('refuse what our structure rules refuse', async () => {
    if ('missing' in harness) return;
    const files = Object.values(SPOILT).map((spoil, index) => {
      const file = join(folder, `Spoilt${index}.groovy`);
      writeFileSync(file, spoil(gitflow));
      return file;
    });
    const { stdout } = await harness.lint(files);
    expect(stdout).toContain(`${files.length} invalid of ${files.length}`);
    expect(stdout).not.toContain('ClassFormatError');
  });
});

/** In the place of slipway: says what it was asked, hands on an empty archive, and ends as `EXIT` says. */
const STAND_IN = `#!/bin/sh
echo "asked: $*\${SLIPWAY_REGISTRY_USER:+ as $SLIPWAY_REGISTRY_USER with $SLIPWAY_REGISTRY_PASSWORD}"
[ "$1" = run ] && mkdir -p .slipway/handover && : > ".slipway/handover/$2.tar"
[ "$1" = deploy ] && exit "\${EXIT:-0}"
exit 0
`;

const CREDENTIALS = { 'slipway-registry': { username: 'crane', password: 'password-of-the-crane' } };

describe.skipIf('missing' in harness)('executed, with a stand-in for slipway,', () => {
  const bin = join(folder, 'bin');
  const repository = join(folder, 'repository');
  let count = 0;

  async function execute(event: HostEvent, { answer = 'all', exit = 0 } = {}) {
    if ('missing' in harness) throw new Error(harness.missing);
    if (count === 0) {
      mkdirSync(bin);
      mkdirSync(repository);
      writeFileSync(join(bin, 'slipway'), STAND_IN);
      writeFileSync(join(folder, 'credentials.json'), JSON.stringify(CREDENTIALS));
      chmodSync(join(bin, 'slipway'), 0o755);
      await makeRepository(repository, { Jenkinsfile: gitflow });
    }
    const { environment, parameters } = jenkinsEvent(event);
    const finished = await harness.execute({
      file: join(repository, 'Jenkinsfile'),
      repository,
      out: join(folder, `out-${count++}`),
      args: [
        ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        ...Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]),
        '--creds',
        join(folder, 'credentials.json'),
        '--approve',
        answer,
        '--env',
        `EXIT=${exit}`,
      ],
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    const ran = finished.stdout.matchAll(/asked: (.*)/g).map(([, asked = '']) => asked);
    return { ...finished, ran: [...ran].sort((a, b) => a.localeCompare(b)) };
  }

  const PROOF = ['run build', 'run check', 'run package --no-push', 'run test'];
  // Jenkins itself hides the password, and no other stage has either of the two.
  const PUSHED = ['run build', 'run check', 'run package --no-push', 'run package as crane with ****', 'run test'];

  test.each([
    ['a push to develop', EVENTS['push to develop'], ['deploy staging --no-push', ...PUSHED]],
    ['a pull request', EVENTS['pull request'], PROOF],
    ['a version', EVENTS['tag v1.2.3'], ['deploy production --no-push', ...PUSHED]],
    ['a rollback by hand', EVENTS['manual rollback'], ['rollback production']],
    ['a tag of another kind', EVENTS['another tag'], []],
    [
      'a hotfix that a person lets through',
      EVENTS['push to hotfix/z'],
      ['deploy production --no-push --approved-by-host', 'deploy staging --no-push', ...PUSHED],
    ],
  ] as const)('%s calls what it should, and our reading of `when` agrees', async (_, event, expected) => {
    const { ran, exitCode, stdout, events } = await execute(event);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(ran).toEqual(expected);
    const read = jenkinsJobsOn(gitflow, jenkinsEvent(event));
    expect(read).toHaveLength(ran.length);
    expect(read.some(({ asks }) => asks)).toBe(events.some(({ ev }) => ev === 'input'));
  });

  test('where nobody says yes nothing is deployed, and no agent was held meanwhile', async () => {
    const { exitCode, ran, events } = await execute(EVENTS['push to hotfix/z'], { answer: 'none' });
    expect(exitCode).toBe(4);
    expect(ran.filter((line) => line.includes('production'))).toEqual([]);
    expect(events.filter(({ ev }) => ev === 'input')).toMatchObject([{ agentHeld: false, approved: false }]);
  });

  test('a deployment that waits for a person is unstable, one that fails is a failure', async () => {
    const waiting = await execute(EVENTS['push to develop'], { exit: 4 });
    expect(waiting.stdout).toContain('staging waits for a person.');
    expect(waiting.exitCode).toBe(3);
    const failing = await execute(EVENTS['push to develop'], { exit: 1 });
    expect(failing.stdout).toContain('slipway ended with exit code 1');
    expect(failing.exitCode).toBe(1);
  });

  test('what a person writes for a rollback reaches slipway as one word, whatever it is', async () => {
    const event = jenkinsEvent(EVENTS['manual rollback']);
    expect(event.parameters).toEqual({ SLIPWAY_JOB: 'rollback-production' });
    if ('missing' in harness) return;
    const { stdout } = await harness.execute({
      file: join(repository, 'Jenkinsfile'),
      repository,
      out: join(folder, 'out-rollback'),
      args: ['--branch', 'main', '--param', 'SLIPWAY_JOB=rollback-production', '--param', 'SLIPWAY_RELEASE=7; exit 9'],
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    expect(stdout.match(/asked: .*/g)).toEqual(['asked: rollback production --to 7; exit 9']);
  });
});
