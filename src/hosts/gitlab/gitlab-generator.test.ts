import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { asMap, asText, type Mapping } from '../../../test/rigs/plain-yaml.ts';
import { madeGraph, madeJob } from '../../../test/rigs/made-job.ts';
import { GENERATED } from '../host-generator.ts';
import type { Job, JobGraph } from '../job-graph.ts';
import { gitlabGenerator } from './gitlab-generator.ts';

const fileOf = (jobs: readonly Job[], fields: Partial<JobGraph> = {}): Mapping =>
  asMap(parse(gitlabGenerator.generate(madeGraph(jobs, fields), {}).text, { version: '1.1' }));

const push = { event: 'push', ref: 'branch', pattern: 'main' } as const;
const hotfix = { event: 'push', ref: 'branch', pattern: 'hotfix/*' } as const;
const deployTo = (approval: readonly (typeof push | typeof hotfix)[]): Job =>
  madeJob({
    id: 'deploy-on',
    kind: 'deploy',
    stage: 'deploy',
    when: { ways: [push, hotfix] },
    needs: ['package'],
    needsWhereRun: ['deploy-first'],
    command: ['deploy', 'on', '--approved-by-host'],
    environment: { name: 'on', tier: 'production', approval: { ways: approval }, staysOnRunner: true },
    exclusive: 'deploy-on',
    cache: 'none',
    handsOn: false,
    secrets: ['DATABASE_URL'],
    timeout: { minutes: 60 },
  });
const PACKAGE = madeJob({ id: 'package', stage: 'package' });
const FIRST = { ...deployTo([]), id: 'deploy-first', needsWhereRun: [], needs: [] };

test('the file begins with the line that says where it comes from', () => {
  expect(gitlabGenerator.generate(madeGraph([PACKAGE]), {}).text.startsWith(`# ${GENERATED}\n`)).toBe(true);
});

test('what YAML 1.1 would take for a yes or a no stays a text', () => {
  const deploy = deployTo([hotfix]);
  expect(fileOf([PACKAGE, FIRST, deploy])['deploy-on']).toMatchObject({
    environment: { name: 'on' },
    rules: [{ when: 'manual', variables: { SLIPWAY_GATE_PASSED: 'yes' } }, {}],
  });
});

describe('a deployment', () => {
  test('waits for the one before it only where that runs, and takes no files from it', () => {
    expect(fileOf([PACKAGE, FIRST, deployTo([])])['deploy-on']).toMatchObject({
      needs: ['package', { job: 'deploy-first', optional: true, artifacts: false }],
      resource_group: 'deploy-on',
      interruptible: false,
      timeout: '60 minutes',
      environment: { name: 'on', deployment_tier: 'production' },
    });
  });

  test('may end with 4, also where a person lets it through: a rule with `allow_failure` would forbid that', () => {
    const job = asMap(fileOf([PACKAGE, FIRST, deployTo([push, hotfix])])['deploy-on']);
    expect(job).toMatchObject({ allow_failure: { exit_codes: [4] }, manual_confirmation: 'Do deploy-on?' });
    expect(JSON.stringify(job['rules'])).not.toContain('allow_failure');
  });

  test('says that the host has approved only on events where it has asked', () => {
    const scriptOf = (approval: readonly (typeof push | typeof hotfix)[]): unknown =>
      asMap(fileOf([PACKAGE, FIRST, deployTo(approval)])['deploy-on'])['script'];
    expect(scriptOf([push, hotfix])).toEqual(['slipway deploy on --approved-by-host']);
    expect(scriptOf([hotfix])).toEqual(['slipway deploy on ${SLIPWAY_GATE_PASSED:+--approved-by-host}']);
  });
});

test('only a job that keeps results has a cache, and who only restores never writes it', () => {
  const restoring = madeJob({ id: 'build', cache: 'restore' });
  const file = fileOf([madeJob({ id: 'check' }), restoring, madeJob({ id: 'package', cache: 'none' })]);
  expect(file['check']).toMatchObject({ cache: { policy: '$SLIPWAY_CACHE_POLICY', paths: ['.slipway/cache'] } });
  expect(file['build']).toMatchObject({ cache: { policy: 'pull' } });
  expect(file['package']).not.toHaveProperty('cache');
  expect(file['variables']).toMatchObject({ SLIPWAY_CACHE_POLICY: 'pull' });
});

test('a token of identity is given only to the job that needs it', () => {
  const file = fileOf([madeJob({ id: 'check' }), madeJob({ id: 'publish', permissions: ['identity'] })]);
  expect(file['publish']).toMatchObject({ id_tokens: { SIGSTORE_ID_TOKEN: { aud: 'sigstore' } } });
  expect(file['check']).not.toHaveProperty('id_tokens');
});

test('reports are kept also of a job that fails', () => {
  const reports = { junit: 'j.xml', coverage: 'c.xml', codeQuality: 'q.json', sarif: 's.sarif' };
  expect(fileOf([madeJob({ id: 'test', reports })])['test']).toMatchObject({
    artifacts: {
      when: 'always',
      paths: ['.slipway/handover/check.tar', 's.sarif'],
      reports: {
        junit: 'j.xml',
        codequality: 'q.json',
        coverage_report: { coverage_format: 'cobertura', path: 'c.xml' },
      },
    },
  });
});

test('the coverage pattern finds the one line that slipway prints', () => {
  const file = fileOf([madeJob({ id: 'test', printsCoverage: true })]);
  const written = asText(asMap(file['test'])['coverage']);
  expect(written).toMatch(/^\/.*\/$/);
  const pattern = new RegExp(written.slice(1, -1));
  expect(pattern.exec('2026-11-24T12:00:00Z coverage: 87.50%')?.[0]).toBe('coverage: 87.50%');
  expect(pattern.test('coverage 87%')).toBe(false);
});

test('the runner is the one that the project asks for', () => {
  const runsOn = { github: 'ubuntu-24.04', gitlab: ['wasm', 'big'], jenkins: null };
  const install = ['npm install --global slipway'];
  const setup = { install, installSlipway: install, runsOn, deployOn: {}, gitlabImage: 'rust:1.95' };
  expect(fileOf([PACKAGE], { setup })['default']).toMatchObject({
    image: 'rust:1.95',
    tags: ['wasm', 'big'],
    before_script: ['npm install --global slipway'],
  });
  expect(fileOf([PACKAGE])['default']).not.toHaveProperty('before_script');
});

test('what no file can set up is said', () => {
  const { notes } = gitlabGenerator.generate(madeGraph([PACKAGE, FIRST, deployTo([push])]), {});
  expect(notes.join('\n')).toMatch(/Protect the environment on /);
  expect(notes.join('\n')).toMatch(/`deploy-on` reads DATABASE_URL/);
  expect(notes.join('\n')).toMatch(/runs on the runner itself/);
});
