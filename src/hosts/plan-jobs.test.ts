import { describe, expect, test } from 'vitest';
import { deploymentsFor, type Project } from '../project/index.ts';
import { parseProject } from '../project/parse-project.ts';
import type { Job, JobGraph } from './job-graph.ts';
import { planJobs } from './plan-jobs.ts';
import { type HostEvent, jobsOn } from './predicate.ts';

function projectOf(text: string): Project {
  const { project, problems } = parseProject(`service: greeter\n${text}`, 'slipway.yaml', {
    toolchain: 'rust',
    file: 'Cargo.toml',
  });
  if (project === null) throw new Error(problems.map(({ message }) => message).join());
  return project;
}

const graphOf = (text: string): JobGraph => planJobs({ project: projectOf(text), version: '1.2.3' });
const idsOf = (text: string): readonly string[] => graphOf(text).jobs.map(({ id }) => id);
const push = (name: string): HostEvent => ({ event: 'push', ref: 'branch', name });
const tag = (name: string): HostEvent => ({ event: 'push', ref: 'tag', name });

function jobOf(graph: JobGraph, id: string): Job {
  const job = graph.jobs.find((job) => job.id === id);
  if (job === undefined) throw new Error(`no job ${id}`);
  return job;
}

/** Deployments of an event: `production by approval`. */
function deploymentsOn(graph: JobGraph, event: HostEvent): readonly string[] {
  return jobsOn(graph, event)
    .filter(({ id }) => id.startsWith('deploy-'))
    .map(({ environment, approval }) => `${environment}${approval ? ' by approval' : ''}`);
}

const GITFLOW = 'branches: gitflow\nenvironments: { preview: {}, staging: {}, production: {} }\n';
const TRUNK = 'branches: trunk\nenvironments: { staging: {}, production: { approval: 1 } }\n';

describe('which jobs there are', () => {
  test('the smallest project is checked, built, tested and packed, and goes nowhere', () => {
    expect(idsOf('')).toEqual(['check', 'build', 'test', 'package']);
    expect(graphOf('').pushes).toEqual({ branches: 'all', tags: [] });
  });

  test('a stage that has nothing to do gets no job', () => {
    expect(idsOf('checks: { format: false, lint: false }\n')).toEqual(['build', 'test', 'package']);
    expect(idsOf('tests: { unit: false, integration: false }\n')).toEqual(['check', 'build', 'package']);
    expect(idsOf('checks: { lint: false }\ntests: { integration: false }\n')).toContain('check');
  });

  test('one job alone may write where images are kept, and only for a project that has such a place', () => {
    const graph = graphOf(`image: ghcr.io/acme/greeter\n${GITFLOW}`);
    expect(graph.jobs.filter(({ permissions }) => permissions.length > 0).map(({ id }) => id)).toEqual(['publish']);
    expect(jobOf(graph, 'deploy-staging').needs).toEqual(['package', 'publish']);
    expect(idsOf(GITFLOW)).not.toContain('publish');
  });

  test('each environment with a way into it has a job that deploys and one that takes back; `local` has none', () => {
    expect(
      idsOf(
        'environments: { local: { from: main }, idle: {}, staging: { from: develop }, preview: { from: "f/*" } }\n',
      ),
    ).toEqual([
      'check',
      'build',
      'test',
      'package',
      'deploy-preview',
      'deploy-staging',
      'rollback-preview',
      'rollback-staging',
    ]);
  });
});

test('a job needs what it takes the results of, and every need comes before it', () => {
  const graph = graphOf(TRUNK);
  expect(jobOf(graph, 'package').needs).toEqual(['check', 'build', 'test']);
  const seen = new Set<string>();
  for (const { id, needs, needsWhereRun } of graph.jobs) {
    for (const need of [...needs, ...needsWhereRun]) expect(seen).toContain(need);
    seen.add(id);
  }
});

describe('where a push goes', () => {
  const names = [
    'main',
    'develop',
    'feature/x',
    'feature/x/y',
    'bugfix/7',
    'release/1.2',
    'hotfix/9',
    'v1.2.3',
    'Main',
  ];

  test.each([GITFLOW, TRUNK, 'environments: { staging: { from: [main, "f*"] }, production: { from: "v*.*.*" } }\n'])(
    'is what the project says of the revision: %s',
    (text) => {
      const project = projectOf(text);
      const graph = planJobs({ project, version: '1.2.3' });
      for (const name of names) {
        for (const kind of ['branch', 'tag'] as const) {
          const expected = deploymentsFor(project, { kind, name })
            .filter(({ environment }) => environment !== 'local')
            .map(({ environment, approval }) => `${environment}${approval ? ' by approval' : ''}`);
          expect(deploymentsOn(graph, { event: 'push', ref: kind, name })).toEqual(expected);
        }
      }
    },
  );

  test('where one push goes to two environments, the later one waits for the earlier', () => {
    expect(jobOf(graphOf(TRUNK), 'deploy-production').needsWhereRun).toEqual(['deploy-staging']);
    const gitflow = graphOf(GITFLOW);
    expect(deploymentsOn(gitflow, push('hotfix/9'))).toEqual(['staging', 'production by approval']);
    expect(jobOf(gitflow, 'deploy-production').needsWhereRun).toEqual(['deploy-staging']);
    expect(jobOf(gitflow, 'deploy-staging').needsWhereRun).toEqual([]);
  });

  test('a branch that no rule names starts nothing', () => {
    expect(jobsOn(graphOf(GITFLOW), push('spike'))).toEqual([]);
    expect(jobsOn(graphOf(GITFLOW), tag('nightly'))).toEqual([]);
    expect(jobsOn(graphOf(''), push('spike')).map(({ id }) => id)).toEqual(['check', 'build', 'test', 'package']);
  });
});

test('a pull request is checked and packed, and neither pushed nor deployed', () => {
  const graph = graphOf(`image: ghcr.io/acme/greeter\n${GITFLOW}`);
  for (const event of [{ event: 'pullRequest', fork: true }, { event: 'mergeQueue' }] as const) {
    expect(jobsOn(graph, event).map(({ id }) => id)).toEqual(['check', 'build', 'test', 'package']);
  }
});

test('a rollback runs alone, without approval, and only for whoever asks for it', () => {
  const graph = graphOf(TRUNK);
  expect(jobsOn(graph, { event: 'manual', job: 'rollback-production', branch: 'main' })).toEqual([
    { id: 'rollback-production', environment: 'production', approval: false },
  ]);
  expect(jobsOn(graph, push('main')).some(({ id }) => id.startsWith('rollback'))).toBe(false);
  // Else it would wait for the deployment that it is to end.
  expect(jobOf(graph, 'rollback-production').exclusive).not.toBe(jobOf(graph, 'deploy-production').exclusive);
});

test('the job of a deployment that a person approves says that the host has asked', () => {
  const graph = graphOf(TRUNK);
  expect(jobOf(graph, 'deploy-production').command).toContain('--approved-by-host');
  expect(jobOf(graph, 'deploy-staging').command).not.toContain('--approved-by-host');
});

test('only the job that deploys sees the secrets of its environment', () => {
  const graph = graphOf(
    'environments: { production: { from: main, secrets: { DB: "env:DATABASE_URL", KEY: "file:key.pem" } } }\n',
  );
  expect(graph.jobs.filter(({ secrets }) => secrets.length > 0).map(({ id, secrets }) => ({ id, secrets }))).toEqual([
    { id: 'deploy-production', secrets: ['DATABASE_URL'] },
  ]);
});

test('a long canary is waited for, and nothing longer than a host allows', () => {
  const minutes = (steps: string): number =>
    jobOf(
      graphOf(`environments: { production: { from: main, strategy: { canary: { steps: ${steps} } } } }\n`),
      'deploy-production',
    ).timeout.minutes;
  expect(minutes('[{ weight: 10% }, { pause: 60m }, { weight: 100% }]')).toBe(110);
  expect(minutes('[{ weight: 10% }, { pause: manual }, { weight: 100% }]')).toBe(50);
  expect(minutes('[{ weight: 10% }, { pause: 3d }, { weight: 100% }]')).toBe(360);
});

test('runners get this version and its target, or what the project says', () => {
  expect(graphOf('').setup.install).toEqual(['npm install --global slipway@1.2.3', 'rustup target add wasm32-wasip2']);
  expect(graphOf('').setup.installSlipway).toEqual(['npm install --global slipway@1.2.3']);
  const own = graphOf('ci: { install: [], github: { runsOn: large }, gitlab: { image: "rust:1", tags: [a] } }\n').setup;
  expect(own).toEqual({
    install: [],
    installSlipway: [],
    runsOn: { github: 'large', gitlab: ['a'], jenkins: null },
    deployOn: {},
    gitlabImage: 'rust:1',
  });
});
