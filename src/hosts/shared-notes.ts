/** What a person must know before the files of any host do their work, and no file can set up. */

import type { Job, JobGraph } from './job-graph.ts';

/** Of jobs that push an image. */
export function publishNotes(jobs: readonly Job[]): readonly string[] {
  if (!jobs.some(({ permissions }) => permissions.includes('write-packages'))) return [];
  return [
    '`publish` cannot sign in to a registry in this version, whatever login its runner has: it fails, and no deployment ' +
      'follows, unless the registry takes a push without. What is deployed to no cluster needs no `image` with a repository.',
  ];
}

/** All jobs run on the same kind of runner, also those that somebody's pull request starts. */
export function strangerNotes(jobs: readonly Job[]): readonly string[] {
  const names = environmentsOf(jobs, true);
  if (names.length === 0) return [];
  return [
    `The code of pull requests runs on the machines of all jobs, so beside ${names.join(', ')} and with the same rights: ` +
      'let none of a stranger run there before somebody has read it.',
  ];
}

/** @param access How a job of this host comes to a kubeconfig. */
export function clusterNotes(jobs: readonly Job[], access: string): readonly string[] {
  const names = environmentsOf(jobs, false);
  if (names.length === 0) return [];
  return [`${names.join(', ')}: ${access}, for an account that has the Role of \`slipway rbac\` and no more.`];
}

/** The branches and tags whose runs are trusted: they leave results for others, or reach an environment. */
export function trustedRefs({ jobs, protectedBranches }: JobGraph): {
  readonly branches: readonly string[];
  readonly tags: readonly string[];
} {
  const ways = jobs.flatMap(({ kind, when }) => (kind === 'deploy' ? when.ways : []));
  const named = (ref: 'branch' | 'tag'): readonly string[] =>
    ways.flatMap((way) => (way.event === 'push' && (way.ref === 'any' || way.ref === ref) ? [way.pattern] : []));
  return { branches: [...new Set([...protectedBranches, ...named('branch')])], tags: [...new Set(named('tag'))] };
}

function environmentsOf(jobs: readonly Job[], staysOnRunner: boolean): readonly string[] {
  const names = jobs.flatMap(({ kind, environment }) =>
    kind === 'deploy' && environment?.staysOnRunner === staysOnRunner ? [environment.name] : [],
  );
  return [...new Set(names)];
}
