/** What a person has to set up in GitLab once, since no file in the repository can say it. */

import { gatedEvents } from '../gates.ts';
import type { Job, JobGraph } from '../job-graph.ts';

export function gitlabNotes({ jobs, protectedBranches }: JobGraph): readonly string[] {
  const keys = jobs.some(({ cache }) => cache !== 'none');
  return [
    ...approvalNotes(jobs),
    ...jobs.flatMap((job) => secretNotes(job)),
    ...stayingNotes(jobs),
    ...(jobs.some(({ permissions }) => permissions.includes('write-packages'))
      ? [
          '`publish` needs a login for the registry on its runner, or a masked and protected variable DOCKER_AUTH_CONFIG.',
        ]
      : []),
    ...(keys && protectedBranches.length > 0
      ? [
          `Protect ${protectedBranches.join(' and ')}: only their pipelines keep a cache. Merge requests read it when ` +
            '"Use separate caches for protected branches" (Settings > CI/CD > General pipelines) is off.',
        ]
      : []),
  ];
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
