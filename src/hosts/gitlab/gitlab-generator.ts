/** GitLab CI: the graph as `.gitlab-ci.yml`. Jobs are bound by `needs` alone; `stages` only order the view. */

import { STAGES } from '../../pipeline/index.ts';
import { gatedEvents } from '../gates.ts';
import { GENERATED, type HostGenerator } from '../host-generator.ts';
import { installLines } from '../install-lines.ts';
import type { Job, JobGraph, JobSetup } from '../job-graph.ts';
import { CACHE_FOLDER, HANDOVER_FOLDER, jobVariables } from '../job-variables.ts';
import { runnersOf } from '../runners-of.ts';
import { GITLAB_REGISTRY, LOGIN } from '../registry-login.ts';
import { writeCommand } from '../write-command.ts';
import { emitGitlab } from './emit-gitlab.ts';
import type { GitlabArtifacts, GitlabDefault, GitlabDocument, GitlabJob, GitlabNeed } from './gitlab-document.ts';
import { gitlabNotes } from './gitlab-notes.ts';
import { ASKED_JOB, CACHE_POLICY, GATE_PASSED, jobRules, workflowRules } from './rules.ts';

export const gitlabGenerator: HostGenerator = {
  file: '.gitlab-ci.yml',
  generate(graph) {
    return { text: emitGitlab(gitlabDocument(graph), GENERATED), notes: gitlabNotes(graph) };
  },
};

function gitlabDocument(graph: JobGraph): GitlabDocument {
  const byId = new Map(graph.jobs.map((job) => [job.id, job]));
  const every = defaultOf(graph);
  const used = new Set(graph.jobs.map((job) => stageOf(job)));
  return {
    workflow: {
      name: `${graph.service}: $CI_COMMIT_REF_NAME`,
      auto_cancel: { on_new_commit: 'interruptible' },
      rules: workflowRules(graph),
    },
    variables: variablesOf(graph),
    default: every,
    stages: STAGES.filter((stage) => used.has(stage)),
    jobs: Object.fromEntries(graph.jobs.map((job) => [job.id, gitlabJob(job, byId, { every, setup: graph.setup })])),
  };
}

function stageOf({ stage }: Job): string {
  return stage ?? 'deploy';
}

function variablesOf({ jobs }: JobGraph): GitlabDocument['variables'] {
  const asked = jobs.flatMap(({ when }) => when.ways.flatMap((way) => (way.event === 'manual' ? [way.job] : [])));
  const [first, ...rest] = new Set(asked);
  const inputs = jobs.flatMap(({ input }) => (input === null ? [] : [input]));
  return {
    ...(first === undefined
      ? {}
      : { [ASKED_JOB]: { value: first, options: [first, ...rest], description: 'What to run.' } }),
    ...Object.fromEntries(inputs.map(({ variable, title }) => [variable, { value: '', description: `${title}.` }])),
    [CACHE_POLICY]: 'pull',
  };
}

function defaultOf({ setup, jobs }: JobGraph): GitlabDefault {
  const { gitlabImage, install, runsOn } = setup;
  return {
    ...(gitlabImage === null ? {} : { image: gitlabImage }),
    ...(runsOn.gitlab.length > 0 ? { tags: runsOn.gitlab } : {}),
    interruptible: true,
    retry: { max: 2, when: ['runner_system_failure', 'stuck_or_timeout_failure'] },
    timeout: minutesOf(jobs[0]?.timeout.minutes ?? 60),
    ...(install.length > 0 ? { before_script: install } : {}),
  };
}

function minutesOf(minutes: number): string {
  return `${minutes} minutes`;
}

interface Common {
  readonly every: GitlabDefault;
  readonly setup: JobSetup;
}

function gitlabJob(job: Job, byId: ReadonlyMap<string, Job>, { every, setup }: Common): GitlabJob {
  const { environment, exclusive } = job;
  const variables = { ...jobVariables(job), ...loginOf(job) };
  const timeout = minutesOf(job.timeout.minutes);
  const install = installLines(job, setup);
  const tags = runnersOf(job, setup).gitlab;
  const asks = environment !== null && gatedEvents(job) !== 'none';
  return {
    title: job.title,
    stage: stageOf(job),
    needs: needsOf(job, byId),
    rules: jobRules(job),
    ...(isSameList(tags, setup.runsOn.gitlab) ? {} : { tags }),
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(environment === null ? {} : { environment: { name: environment.name, deployment_tier: environment.tier } }),
    ...(exclusive === null ? {} : { resource_group: exclusive, interruptible: false }),
    ...(asks ? { manual_confirmation: `${job.title}?` } : {}),
    ...(job.permissions.includes('identity') ? { id_tokens: { SIGSTORE_ID_TOKEN: { aud: 'sigstore' } } } : {}),
    ...cacheOf(job),
    ...(timeout === every.timeout ? {} : { timeout }),
    ...(isSameList(install, setup.install) ? {} : { before_script: install }),
    script: [scriptOf(job)],
    // Without an anchor: the runner may put the time before each line.
    ...(job.printsCoverage ? { coverage: '/coverage: \\d+\\.\\d+%/' } : {}),
    ...artifactsOf(job),
    // 4 says that a person must decide now: nothing is wrong.
    ...(job.kind === 'deploy' ? { allow_failure: { exit_codes: [4] } } : {}),
  };
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

/** Variables of the project reach the job by themselves, but for the login that GitLab makes for its own registry. */
function loginOf({ registry }: Job): Readonly<Record<string, string>> {
  if (registry !== GITLAB_REGISTRY) return {};
  return { [LOGIN.user]: '$CI_REGISTRY_USER', [LOGIN.password]: '$CI_REGISTRY_PASSWORD' };
}

/** On events without a gate nobody has approved. */
function scriptOf(job: Job): string {
  return writeCommand(job, gatedEvents(job) === 'some' ? GATE_PASSED : null);
}

function needsOf({ needs, needsWhereRun }: Job, byId: ReadonlyMap<string, Job>): GitlabJob['needs'] {
  const nothing = { artifacts: false };
  const must = needs.map((id): string | GitlabNeed => (byId.get(id)?.handsOn ? id : { job: id, ...nothing }));
  const may = needsWhereRun.map((id): GitlabNeed => ({
    job: id,
    optional: true,
    ...(byId.get(id)?.handsOn ? {} : nothing),
  }));
  return [...must, ...may];
}

function cacheOf({ id, cache }: Job): Pick<GitlabJob, 'cache'> {
  if (cache === 'none') return {};
  const policy = cache === 'restore' ? 'pull' : `$${CACHE_POLICY}`;
  return { cache: { key: `slipway-${id}`, paths: [CACHE_FOLDER], policy } };
}

function artifactsOf({ stage, handsOn, reports }: Job): Pick<GitlabJob, 'artifacts'> {
  const { junit, coverage, codeQuality, sarif } = reports;
  const paths = [
    ...(handsOn && stage !== null ? [`${HANDOVER_FOLDER}/${stage}.tar`] : []),
    // Its own kind of report is GitLab Ultimate; here it is a file to look at.
    ...(sarif === null ? [] : [sarif]),
  ];
  const shown: GitlabArtifacts['reports'] = {
    ...(junit === null ? {} : { junit }),
    ...(coverage === null ? {} : { coverage_report: { coverage_format: 'cobertura', path: coverage } }),
    ...(codeQuality === null ? {} : { codequality: codeQuality }),
  };
  const reporting = Object.keys(shown).length > 0;
  if (paths.length === 0 && !reporting) return {};
  return {
    artifacts: {
      when: reporting || sarif !== null ? 'always' : 'on_success',
      expire_in: '1 day',
      access: 'developer',
      ...(paths.length > 0 ? { paths } : {}),
      ...(reporting ? { reports: shown } : {}),
    },
  };
}
