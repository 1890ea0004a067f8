/** What a person has to set up in Jenkins once, and what its form costs. */

import { gatedEvents } from '../gates.ts';
import type { JobGraph } from '../job-graph.ts';
import { clusterNotes, publishNotes, strangerNotes } from '../shared-notes.ts';
import { LOGIN_CREDENTIAL } from './job-stage.ts';
import { type Layer, lostParallelism } from './layers.ts';

export function jenkinsNotes(graph: JobGraph, layers: readonly Layer[]): readonly string[] {
  const { jobs } = graph;
  const staying = jobs.flatMap(({ environment }) => (environment?.staysOnRunner === true ? [environment.name] : []));
  return [
    ...lostParallelism(layers),
    `Use a multibranch pipeline job. Plugins: ${pluginsOf(graph).join(', ')}.`,
    ...jobs.flatMap(({ id, secrets }) =>
      secrets.length === 0
        ? []
        : [`\`${id}\` reads the credentials ${secrets.join(', ')} (kind "Secret text", with these ids).`],
    ),
    ...(jobs.some(({ permissions }) => permissions.includes('identity'))
      ? ['`publish` reads the credential SIGSTORE_ID_TOKEN of the plugin OpenID Connect Provider, audience `sigstore`.']
      : []),
    ...publishNotes(
      jobs,
      () =>
        `the credential ${LOGIN_CREDENTIAL} (kind "Username with password", with this id), without which it does not run`,
    ),
    ...(jobs.some((job) => gatedEvents(job) !== 'none')
      ? ['Whoever may build the job may say yes to a deployment; restrict it by the permissions of its folder.']
      : []),
    ...(staying.length > 0
      ? [
          `${[...new Set(staying)].join(', ')}: the service runs on the agent itself, so its stages need one agent ` +
            '(`ci.jenkins.deployOn`) with SLIPWAY_HOME set to a folder that stays.',
        ]
      : []),
    ...strangerNotes(graph, 'jenkins', {
      key: 'ci.jenkins.deployOn',
      guard: 'set the usage of these agents to jobs with their label, give them none of the others, and read on',
    }),
    ...clusterNotes(
      jobs,
      'their stages need an agent (`ci.jenkins.deployOn`) on which KUBECONFIG or ~/.kube/config leads to the cluster',
    ),
    'Pull requests of forks: trust in the branch source nobody or those who may push, else the Jenkinsfile of a stranger runs.',
    'Two builds of a branch run one after another; Jenkins may leave out one that waits when a newer one comes.',
    ...(jobs.some(({ kind }) => kind === 'rollback')
      ? [
          'So a rollback that is asked for on a branch waits while another build of it runs or waits for an answer: ask for ' +
            'it on another branch, or end that build first.',
        ]
      : []),
  ];
}

function pluginsOf({ jobs }: JobGraph): readonly string[] {
  const needed: readonly (readonly [string, boolean])[] = [
    ['Pipeline', true],
    ['Git', true],
    ['Timestamper', true],
    ['Lockable Resources', jobs.some(({ exclusive }) => exclusive !== null)],
    [
      'Credentials Binding',
      jobs.some(
        ({ secrets, permissions, registry }) =>
          secrets.length > 0 || permissions.includes('identity') || registry !== null,
      ),
    ],
    ['JUnit', jobs.some(({ reports }) => reports.junit !== null)],
    ['Coverage', jobs.some(({ reports }) => reports.coverage !== null)],
  ];
  return needed.filter(([, wanted]) => wanted).map(([name]) => name);
}
