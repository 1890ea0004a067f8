/** What a person must know before the files of any host do their work, and no file can set up. */

import type { Job, JobGraph, JobSetup, Runners } from './job-graph.ts';
import { LOGIN } from './registry-login.ts';

/** @param login How a job of this host signs in to that registry, and what somebody must set up for it. */
export function publishNotes(jobs: readonly Job[], login: (registry: string) => string): readonly string[] {
  return jobs.flatMap(({ id, registry }) =>
    registry === null ? [] : [`\`${id}\` signs in to ${registry} with ${login(registry)}.`],
  );
}

/** As notes name the two. */
export const LOGIN_NAMES = `${LOGIN.user} and ${LOGIN.password}`;

/** How a host keeps the machines of deployments apart from the others. */
interface Apart {
  /** The key of the project file: `ci.github.deployOn`. */
  readonly key: string;
  /** What a person does so that nobody gets there by changing the file. */
  readonly guard: string;
}

/** Unless the project says otherwise all jobs run on the same machines, also those that somebody's pull request starts. */
export function strangerNotes(
  { jobs, setup }: JobGraph,
  host: keyof Runners,
  { key, guard }: Apart,
): readonly string[] {
  if (isApart(setup, host)) {
    if (!jobs.some(({ kind }) => kind === 'deploy')) return [];
    return [
      `Deployments and rollbacks run on machines of their own (\`${key}\`), and no pull request does unless it changes this ` +
        `file: ${guard}.`,
    ];
  }
  const names = environmentsOf(jobs, true);
  if (names.length === 0) return [];
  return [
    `The code of pull requests runs on the machines of all jobs, so beside ${names.join(', ')} and with the same rights: ` +
      `name others for deployments in \`${key}\`, or let none of a stranger run before somebody has read it.`,
  ];
}

function isApart({ runsOn, deployOn }: JobSetup, host: keyof Runners): boolean {
  return deployOn[host] !== undefined && String(deployOn[host]) !== String(runsOn[host]);
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
