/** What a person sets up once in the repository, since no file of it can. */

import { freeWays } from '../gates.ts';
import type { JobGraph, Predicate } from '../job-graph.ts';
import { clusterNotes, LOGIN_NAMES, publishNotes, strangerNotes } from '../shared-notes.ts';
import { GITHUB_REGISTRY } from '../registry-login.ts';
import { environmentNames } from './plan-workflow.ts';

export function notesOf(graph: JobGraph): readonly string[] {
  const deploys = graph.jobs.filter(({ kind }) => kind === 'deploy');
  const environments = deploys.flatMap((job) => {
    const { environment } = job;
    if (environment === null) return [];
    const { name, approval } = environment;
    const { deploy, approved, rollback } = environmentNames(name, graph);
    return [
      ...(approved === null || approval === 'none'
        ? []
        : [`${environmentNote(approved, approval)}, with required reviewers`]),
      ...(deploy === approved ? [] : [environmentNote(deploy, { ways: freeWays(job) })]),
      ...(rollback === deploy
        ? []
        : [`Environment ${rollback}: for rollbacks, which ask nobody; only the default branch`]),
    ];
  });
  const secrets = deploys.flatMap(({ environment, secrets: names }) =>
    environment === null || names.length === 0
      ? []
      : [`Secrets of the environment ${environment.name} (and of those named after it): ${names.join(', ')}`],
  );
  const publish = graph.jobs.find(({ id }) => id === 'publish');
  const setUp = [
    ...environments,
    ...secrets,
    ...(publish === undefined || publish.secrets.length === 0
      ? []
      : [`Secrets of the repository: ${publish.secrets.join(', ')}`]),
    `Protected branches: ${graph.protectedBranches.join(', ')}; what runs there is kept for later runs`,
    ...stayNote(graph),
  ];
  return [
    ...setUp.map((note) => `${note}.`),
    ...strangerNotes(graph, 'github', {
      key: 'ci.github.deployOn',
      guard: 'put them into a runner group that takes this workflow alone, from protected branches',
    }),
    ...clusterNotes(
      graph.jobs,
      'their jobs need a runner of yours (`ci.github.deployOn`) on which KUBECONFIG or ~/.kube/config leads to the cluster',
    ),
    ...publishNotes(graph.jobs, loginOf),
  ];
}

function loginOf(registry: string): string {
  if (registry !== GITHUB_REGISTRY) {
    return `the secrets of the repository ${LOGIN_NAMES}: set them, unless everybody may push there`;
  }
  return (
    'the token of the job; a package that was first pushed in another way must give this repository the role Write (settings ' +
    'of the package, Manage Actions access)'
  );
}

function environmentNote(name: string, { ways }: Predicate): string {
  const patterns = ways.flatMap((way) => (way.event === 'push' ? [way.pattern] : []));
  return `Environment ${name}: allow deployments from ${[...new Set(patterns)].join(', ')} only`;
}

function stayNote({ jobs, setup }: JobGraph): readonly string[] {
  const staying = jobs.filter(({ kind, environment }) => kind === 'deploy' && environment?.staysOnRunner === true);
  const names = staying.flatMap(({ environment }) => (environment === null ? [] : [environment.name]));
  if (names.length === 0) return [];
  const label = setup.deployOn.github ?? setup.runsOn.github;
  const hosted = /^(ubuntu|windows|macos)-/.test(label);
  return [
    `What is deployed to ${names.join(', ')} lives on the runner itself: ${hosted ? `runners with the label ${label} are GitHub's own and are thrown away after the job, so name one of yours in \`ci.github.deployOn\`` : `a runner with the label ${label} must be one of yours, and always the same machine`}`,
  ];
}
