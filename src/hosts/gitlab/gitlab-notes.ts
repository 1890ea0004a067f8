/** What a person has to set up in GitLab once, since no file in the repository can say it. */

import { gatedEvents } from '../gates.ts';
import type { Job, JobGraph } from '../job-graph.ts';
import { GITLAB_REGISTRY } from '../registry-login.ts';
import { clusterNotes, LOGIN_NAMES, publishNotes, strangerNotes, trustedRefs } from '../shared-notes.ts';

export function gitlabNotes(graph: JobGraph): readonly string[] {
  const { jobs } = graph;
  return [
    ...approvalNotes(jobs),
    ...jobs.flatMap((job) => secretNotes(job)),
    ...stayingNotes(jobs),
    ...strangerNotes(graph, 'gitlab', {
      key: 'ci.gitlab.deployOn',
      guard:
        'make these runners protected, and let them take neither untagged jobs nor those with the tags of the others',
    }),
    ...clusterNotes(jobs, 'their jobs need a protected CI/CD variable KUBECONFIG of the type File'),
    ...publishNotes(jobs, loginOf),
    ...protectNotes(graph),
  ];
}

/** A cache that unprotected branches share could be written by a merge request that changes this very file. */
function protectNotes(graph: JobGraph): readonly string[] {
  const { branches, tags } = trustedRefs(graph);
  const protect = `Protect the branches ${branches.join(', ')}${tags.length === 0 ? '' : ` and the tags ${tags.join(', ')}`}`;
  return [
    `${protect}: only there are protected variables seen.`,
    ...(graph.jobs.some(({ cache }) => cache !== 'none')
      ? [
          'Leave "Use separate caches for protected branches" (Settings > CI/CD > General pipelines) on: without it a merge ' +
            'request could write what protected branches take. So merge requests begin without a cache.',
        ]
      : []),
  ];
}

function loginOf(registry: string): string {
  return registry === GITLAB_REGISTRY
    ? 'the token of the job, which may push to the registry of this very project only'
    : `the CI/CD variables ${LOGIN_NAMES}: set them masked and protected, unless everybody may push there`;
}

function approvalNotes(jobs: readonly Job[]): readonly string[] {
  const names = jobs.flatMap((job) => (gatedEvents(job) === 'none' ? [] : [job.environment?.name ?? job.id]));
  if (names.length === 0) return [];
  return [
    `Protect the environment ${names.join(' and ')} (Settings > CI/CD > Protected environments, GitLab Premium): whoever ` +
      'may deploy there is who can say yes. Without it everyone who may push to the branch can.',
  ];
}

function secretNotes({ id, secrets, environment }: Job): readonly string[] {
  if (secrets.length === 0) return [];
  const scope = environment === null ? '' : `, with the environment scope ${environment.name}`;
  return [`\`${id}\` reads ${secrets.join(', ')}: set as masked and protected CI/CD variables${scope}.`];
}

function stayingNotes(jobs: readonly Job[]): readonly string[] {
  const staying = jobs.filter(({ environment }) => environment?.staysOnRunner === true);
  if (staying.length === 0) return [];
  const names = [...new Set(staying.map(({ environment }) => environment?.name ?? ''))];
  return [
    `${names.join(', ')}: the service runs on the runner itself, so its jobs need one runner with the shell executor and ` +
      'SLIPWAY_HOME set to a folder that stays.',
  ];
}
