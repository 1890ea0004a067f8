/**
 * From a project to the jobs that a CI system runs for it: one for each stage that has something to do, one that pushes
 * the image, and for each environment with a branch or tag of its own one that deploys and one that takes back.
 */

import type { StageName } from '../pipeline/index.ts';
import type { BranchPreset, Project, ProjectEnvironment } from '../project/index.ts';
import { REPORT_FILES, REPORTS_FOLDER } from './bridge/reports.ts';
import { deployMinutes } from './deploy-minutes.ts';
import type { EventWay, Job, JobGraph, JobReports, JobSetup, Predicate } from './job-graph.ts';
import { pushesOverlap } from './predicate.ts';
import { registryOf } from './registry-login.ts';

/** Branches and tags of a preset, whatever environments the project has; the protected ones are those that stay. */
const PRESETS: Readonly<
  Record<BranchPreset, { readonly branches: readonly string[]; readonly tags: readonly string[] }>
> = {
  gitflow: { branches: ['main', 'develop', 'feature/*', 'bugfix/*', 'release/*', 'hotfix/*'], tags: ['v*.*.*'] },
  trunk: { branches: ['main'], tags: [] },
};
const PROTECTED: Readonly<Record<BranchPreset, readonly string[]>> = { gitflow: ['main', 'develop'], trunk: ['main'] };

const NO_REPORTS: JobReports = { junit: null, coverage: null, codeQuality: null, sarif: null };

/** What a stage job is like unless it says otherwise. */
const PLAIN = {
  needs: [],
  needsWhereRun: [],
  input: null,
  environment: null,
  permissions: [],
  secrets: [],
  registry: null,
  handsOn: true,
  cache: 'restore-and-save',
  exclusive: null,
  printsCoverage: false,
  reports: NO_REPORTS,
} as const satisfies Partial<Job>;

/** Everything that can start a pipeline: a job with this runs whenever there is one. */
const ALWAYS: Predicate = {
  ways: [
    { event: 'push', ref: 'any', pattern: '*' },
    { event: 'pullRequest' },
    { event: 'mergeQueue' },
    { event: 'manual', job: 'run' },
  ],
};
const EVERY_PUSH: Predicate = { ways: [{ event: 'push', ref: 'any', pattern: '*' }] };

export interface PlanJobsOptions {
  readonly project: Project;
  /** Of this Slipway: what the runners install. */
  readonly version: string;
}

export function planJobs({ project, version }: PlanJobsOptions): JobGraph {
  const stages = stageJobs(project);
  const publish = project.image.repository === null ? [] : [publishJob(project)];
  const places = deployed(project);
  return {
    service: project.service,
    jobs: [
      ...stages,
      ...publish,
      ...deployJobs(
        places,
        publish.map(({ id }) => id),
      ),
      ...places.map((place) => rollbackJob(place)),
    ],
    pushes: pushesOf(project, places),
    protectedBranches: protectedOf(project, places),
    setup: setupOf(project, version),
  };
}

/** The jobs that take no image anywhere. Package waits for all: an image is made only of what is proven. */
function stageJobs(project: Project): readonly Job[] {
  const { checks, tests } = project;
  const scans = checks.audit !== null || checks.capabilities !== null;
  const first: readonly (Job | false)[] = [
    (checks.format || checks.lint) && {
      ...stageJob('check', 'Format and lint', 30),
      reports: { ...NO_REPORTS, codeQuality: report('codeQuality'), sarif: report('sarif') },
    },
    stageJob('build', 'Build the module', 30),
    (tests.unit || tests.integration) && {
      ...stageJob('test', 'Test', 45),
      printsCoverage: checks.coverage !== null,
      reports: { ...NO_REPORTS, junit: report('junit') },
    },
    scans && { ...stageJob('scan', 'Scan', 20), needs: ['build'] },
  ];
  const jobs = first.filter((job) => job !== false);
  return [
    ...jobs,
    {
      ...stageJob('package', 'Package the image', 30),
      needs: jobs.map(({ id }) => id),
      // Where it is pushed is not for those to know who only propose a change.
      command: ['run', 'package', '--no-push'],
    },
  ];
}

function report(kind: 'junit' | 'codeQuality' | 'sarif'): string {
  return `${REPORTS_FOLDER}/${REPORT_FILES[kind]}`;
}

function stageJob(stage: StageName, title: string, minutes: number): Job {
  return {
    ...PLAIN,
    id: stage,
    title,
    kind: 'stage',
    stage,
    when: ALWAYS,
    command: ['run', stage],
    timeout: { minutes },
  };
}

/** Apart from package, since it alone has the right to write where images are kept. It takes nothing from a cache. */
function publishJob({ image }: Project): Job {
  return {
    ...stageJob('package', 'Push the image', 30),
    id: 'publish',
    needs: ['package'],
    when: EVERY_PUSH,
    permissions: ['write-packages', ...(image.sign?.kind === 'keyless' ? (['identity'] as const) : [])],
    secrets: image.sign?.kind === 'key' && image.sign.key.from === 'env' ? [image.sign.key.name] : [],
    registry: image.repository === null ? null : registryOf(image.repository),
    handsOn: false,
    cache: 'none',
  };
}

/** An environment that some push is deployed to. `local` is the machine of whoever works on the project. */
interface Place {
  readonly environment: ProjectEnvironment;
  readonly when: Predicate;
}

function deployed({ environments }: Project): readonly Place[] {
  return environments
    .filter(({ name, implicit, from }) => name !== 'local' && !implicit && from.length > 0)
    .map((environment) => ({ environment, when: { ways: waysInto(environment) } }));
}

function waysInto({ from }: ProjectEnvironment): readonly EventWay[] {
  return from.map(({ ref, pattern }) => ({ event: 'push', ref, pattern }));
}

function deployJobs(places: readonly Place[], publish: readonly string[]): readonly Job[] {
  return places.map(({ environment, when }, index) => {
    const { name } = environment;
    // One push that goes to both reaches the earlier one first, as `slipway deploy` does it.
    const earlier = places.slice(0, index).filter((other) => pushesOverlap(other.when, when));
    const approval = approvalOf(environment);
    return {
      ...PLAIN,
      id: `deploy-${name}`,
      title: `Deploy to ${name}`,
      kind: 'deploy',
      stage: 'deploy',
      needs: ['package', ...publish],
      needsWhereRun: earlier.map((other) => `deploy-${other.environment.name}`),
      when,
      command: ['deploy', name, '--no-push', ...(approval === 'none' ? [] : ['--approved-by-host'])],
      environment: jobEnvironment(environment, approval),
      secrets: secretsOf(environment),
      handsOn: false,
      cache: 'none',
      timeout: { minutes: deployMinutes(environment.spec) },
      exclusive: `deploy-${name}`,
    };
  });
}

function approvalOf({ spec, from }: ProjectEnvironment): Predicate | 'none' {
  const asking = spec.approval.count > 0 ? from : from.filter(({ approval }) => approval);
  if (asking.length === 0) return 'none';
  return { ways: asking.map(({ ref, pattern }) => ({ event: 'push', ref, pattern })) };
}

function jobEnvironment({ name, platform }: ProjectEnvironment, approval: Predicate | 'none'): Job['environment'] {
  const tiers = { production: 'production', staging: 'staging', preview: 'development' } as const;
  const tier = Object.entries(tiers).find(([known]) => known === name)?.[1] ?? 'other';
  return { name, tier, approval, staysOnRunner: platform.kind === 'embedded' };
}

/** Those of the environment that come from variables: what lies in files is on the runner already. */
function secretsOf({ secrets, metrics }: ProjectEnvironment): readonly string[] {
  const [, prometheus] = /^env:(.+)$/.exec(metrics?.prometheus.url ?? '') ?? [];
  const named = Object.values(secrets).flatMap(({ from, name }) => (from === 'env' ? [name] : []));
  return [...new Set([...named, ...(prometheus === undefined ? [] : [prometheus])])].sort();
}

/** Not in the group of deployments: it must not wait for the one that it is to end. */
function rollbackJob({ environment }: Place): Job {
  const { name } = environment;
  return {
    ...PLAIN,
    id: `rollback-${name}`,
    title: `Roll ${name} back`,
    kind: 'rollback',
    stage: null,
    when: { ways: [{ event: 'manual', job: `rollback-${name}` }] },
    command: ['rollback', name],
    input: {
      variable: 'SLIPWAY_RELEASE',
      option: '--to',
      title: 'Number of the release to go back to; the one before when empty',
    },
    environment: jobEnvironment(environment, 'none'),
    handsOn: false,
    cache: 'none',
    timeout: { minutes: 30 },
    exclusive: `rollback-${name}`,
  };
}

/** What no rule names is checked by its pull request. Without any rule there is nothing to go by. */
function pushesOf({ branches }: Project, places: readonly Place[]): JobGraph['pushes'] {
  const named = (ref: 'branch' | 'tag'): readonly string[] =>
    places.flatMap(({ environment: { from } }) =>
      from.flatMap((rule) => (rule.ref === 'any' || rule.ref === ref ? [rule.pattern] : [])),
    );
  const preset = branches === null ? { branches: [], tags: [] } : PRESETS[branches];
  const all = { branches: [...preset.branches, ...named('branch')], tags: [...preset.tags, ...named('tag')] };
  if (all.branches.length === 0) return { branches: 'all', tags: [] };
  return { branches: [...new Set(all.branches)], tags: [...new Set(all.tags)] };
}

/** Those of the preset, else the branches that deployments name in full; where none is, the usual one. */
function protectedOf({ branches }: Project, places: readonly Place[]): readonly string[] {
  if (branches !== null) return PROTECTED[branches];
  const named = places.flatMap(({ environment: { from } }) =>
    from.flatMap(({ ref, pattern }) => (ref !== 'tag' && !pattern.includes('*') ? [pattern] : [])),
  );
  return named.length === 0 ? ['main'] : [...new Set(named)];
}

function setupOf({ ci, build }: Project, version: string): JobSetup {
  const { install, github, gitlab, jenkins } = ci;
  const slipway = `npm install --global slipway@${version}`;
  return {
    install: install ?? [slipway, `rustup target add ${build.target}`],
    // What each line of the project brings is not for us to know.
    installSlipway: install ?? [slipway],
    runsOn: { github: github.runsOn, gitlab: gitlab.tags, jenkins: jenkins.agent },
    deployOn: {
      ...(github.deployOn === null ? {} : { github: github.deployOn }),
      ...(gitlab.deployOn === null ? {} : { gitlab: gitlab.deployOn }),
      ...(jenkins.deployOn === null ? {} : { jenkins: jenkins.deployOn }),
    },
    gitlabImage: gitlab.image,
  };
}
