import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEvent, anyWays } from '../../../test/rigs/any-event.ts';
import { jenkinsOffences } from '../../../test/rigs/jenkins-structure.ts';
import { jenkinsEvent, jenkinsJobsOn } from '../../../test/rigs/jenkinsfile.ts';
import { madeGraph, madeJob } from '../../../test/rigs/made-job.ts';
import { runBriefly } from '../../kernel/subprocess.ts';
import { GENERATED } from '../host-generator.ts';
import type { EventWay, Job, JobGraph } from '../job-graph.ts';
import { jobsOn } from '../predicate.ts';
import { jenkinsGenerator } from './jenkins-generator.ts';

const textOf = (jobs: readonly Job[], fields: Partial<JobGraph> = {}): string =>
  jenkinsGenerator.generate(madeGraph(jobs, fields), {}).text;
const push = { event: 'push', ref: 'branch', pattern: 'main' } as const;
const hotfix = { event: 'push', ref: 'branch', pattern: 'hotfix/*' } as const;

const deployTo = (approval: readonly EventWay[], when: readonly EventWay[] = [push, hotfix]): Job =>
  madeJob({
    id: 'deploy-a',
    kind: 'deploy',
    stage: 'deploy',
    when: { ways: when },
    needs: ['package'],
    command: ['deploy', 'a', '--approved-by-host'],
    environment: { name: 'a', tier: 'production', approval: { ways: approval }, staysOnRunner: true },
    exclusive: 'deploy-a',
    cache: 'none',
    handsOn: false,
    secrets: ['DATABASE_URL'],
  });
const PACKAGE = madeJob({
  id: 'package',
  stage: 'package',
  when: { ways: [{ event: 'push', ref: 'any', pattern: '*' }] },
});

test('the file begins with the line that says where it comes from', () => {
  expect(textOf([PACKAGE]).startsWith(`// ${GENERATED}\npipeline {\n`)).toBe(true);
});

test('whatever the ways into a job, its stage opens those and no others, and asks where it should', () => {
  fc.assert(
    fc.property(anyWays, fc.nat(), anyEvent, (when, pick, event) => {
      const job = { ...deployTo(when.slice(0, 1 + (pick % when.length)), when), needs: [] };
      const graph = madeGraph([job]);
      const text = textOf([job]);
      expect(jenkinsOffences(text)).toEqual([]);
      const found = jenkinsJobsOn(text, jenkinsEvent(event)).map(({ id, asks }) => ({ id, approval: asks }));
      expect(found).toEqual(jobsOn(graph, event).map(({ id, approval }) => ({ id, approval })));
    }),
    { numRuns: 200 },
  );
});

describe('a deployment', () => {
  test('waits for its lock and for a person before it takes an agent', () => {
    const text = textOf([PACKAGE, deployTo([push, hotfix])]);
    const [, ask = '', work = ''] = text.split(/stage\('deploy-a: /).map((part) => part);
    expect(ask).toContain('input {');
    expect(ask).not.toContain('agent');
    expect(work).toContain("options {\n            lock(resource: 'deploy-a')");
    expect(work).toContain("sh(script: 'slipway deploy a --approved-by-host', returnStatus: true)");
  });

  test('where only some events ask, says that the host has approved only on those', () => {
    const text = textOf([PACKAGE, deployTo([hotfix])]);
    const [, approved = '', free = ''] = text.split(/stage\('deploy-a: (?=approved|free)/);
    expect(approved).toContain('--approved-by-host');
    expect(free).toContain("'slipway deploy a'");
    expect(free).not.toContain('--approved-by-host');
  });

  test('is unstable when a person must decide, and what follows is not run', () => {
    const text = textOf([PACKAGE, deployTo([])]);
    expect(text).toMatch(/if \(status == 4\) \{\s+unstable 'a waits for a person\.'/);
    expect(text).toContain('skipStagesAfterUnstable()');
  });

  test('that lives on the agent is not ended with the build, and sees its secrets alone', () => {
    const text = textOf([PACKAGE, deployTo([])]);
    const [before = '', after = ''] = text.split("stage('deploy-a')");
    expect(after).toContain("JENKINS_NODE_COOKIE = 'dontKillMe'");
    expect(after).toContain("DATABASE_URL = credentials('DATABASE_URL')");
    expect(before).not.toContain('credentials');
  });
});

test('a stage takes over what its needs have handed on, and nothing that an earlier build has left', () => {
  const text = textOf([PACKAGE, deployTo([])]);
  expect(text).toContain("stash name: 'package', includes: '.slipway/handover/package.tar'");
  expect(text).toMatch(/dir\('\.slipway\/handover'\) \{\s+deleteDir\(\)\s+\}\s+unstash 'package'/);
});

test('stages of a branch share one cache, whichever workspace they get; one that must keep nothing begins with none', () => {
  const publish = madeJob({ id: 'publish', stage: 'package', needs: ['package'], cache: 'none', handsOn: false });
  const [before = '', after = ''] = textOf([PACKAGE, publish]).split("stage('publish')");
  expect(before).toMatch(/sh 'SLIPWAY_CACHE="\S.*@slipway" slipway run package'/);
  expect(after).toContain("SLIPWAY_CACHE = '.slipway/cache'");
  expect(after).toMatch(/dir\('\.slipway\/cache'\) \{\s+deleteDir\(\)/);
  expect(after).toContain("sh 'slipway run publish'");
});

test.each([
  ['/srv/workspace/app_main', '/srv/workspace/app_main@slipway'],
  ['/srv/workspace/app_main@2', '/srv/workspace/app_main@slipway'],
  ['/srv/workspace/app_main@12', '/srv/workspace/app_main@slipway'],
  ['/srv/ci@2node/workspace/a b', '/srv/ci@2node/workspace/a b@slipway'],
  ['/srv/ci@2/workspace/x@3', '/srv/ci@2/workspace/x@slipway'],
  ['/srv/workspace/v@2x', '/srv/workspace/v@2x@slipway'],
])('the shell finds the cache beside the workspace %s', async (workspace, cache) => {
  const [, written = ''] = /sh '(SLIPWAY_CACHE=.*) slipway run package'/.exec(textOf([PACKAGE])) ?? [];
  const line = `${written.replaceAll("\\'", "'").replaceAll('\\\\', '\\')} printenv SLIPWAY_CACHE`;
  const env = { WORKSPACE: workspace, PATH: '/usr/bin:/bin' };
  const { stdout } = await runBriefly({ program: 'sh', args: ['-c', line], cwd: '/', env });
  expect(stdout).toBe(`${cache}\n`);
});

test('stages that run on the same events say once when that is', () => {
  const jobs = [
    madeJob({ id: 'check' }),
    madeJob({ id: 'build' }),
    madeJob({ id: 'package', needs: ['check', 'build'] }),
  ];
  const text = textOf(jobs);
  expect(jenkinsOffences(text)).toEqual([]);
  expect(text.match(/when \{/g)).toHaveLength(1);
  expect(text).toContain("stage('check, build') {\n          parallel {");
});

test('reports go to the plugins that show them, also of a stage that fails', () => {
  const reports = { junit: 'j.xml', coverage: 'c.xml', codeQuality: 'q.json', sarif: 's.sarif' };
  const { text, notes } = jenkinsGenerator.generate(madeGraph([madeJob({ id: 'test', reports })]), {});
  expect(jenkinsOffences(text)).toEqual([]);
  expect(text).toMatch(/always \{\s+junit testResults: 'j.xml', allowEmptyResults: true/);
  expect(text).toContain("recordCoverage tools: [[parser: 'COBERTURA', pattern: 'c.xml']]");
  expect(text).toContain("archiveArtifacts artifacts: 'q.json, s.sarif'");
  expect(notes.join('\n')).toMatch(/Plugins: .*JUnit, Coverage/);
});

test('the agent is the one that the project asks for', () => {
  const runsOn = { github: 'ubuntu-24.04', gitlab: [], jenkins: "wasm && !'old'" };
  const install = ['npm install --global slipway'];
  const setup = { install, installSlipway: install, runsOn, deployOn: {}, gitlabImage: null };
  const text = textOf([PACKAGE], { setup });
  expect(text).toContain("label 'wasm && !\\'old\\''");
  expect(text).toMatch(/retry\(3\) \{\s+checkout scm\s+sh 'npm install --global slipway'/);
});
