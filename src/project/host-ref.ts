/**
 * What a CI system says its job is for. It checks out a commit without a branch, so git alone does not know. Whoever
 * proposes a change from elsewhere chooses names and content of branches, but not these variables.
 */

import { readIfThere } from '../kernel/workspace.ts';
import type { Revision } from './revision.ts';

export interface HostRef {
  readonly kind: Exclude<Revision['kind'], 'detached'>;
  readonly name: string;
  /** The commit that it is said of; `null` when the host does not say. */
  readonly commit: string | null;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The CI system that we are in a job of, by what each of them sets; `null`: none. */
export function hostIn(env: Variables): 'github' | 'gitlab' | 'jenkins' | null {
  if (env['GITHUB_ACTIONS'] === 'true') return 'github';
  if (env['GITLAB_CI'] === 'true') return 'gitlab';
  return filled(env, 'JENKINS_URL') || (filled(env, 'BUILD_ID') && filled(env, 'JOB_NAME')) ? 'jenkins' : null;
}

const REFS = { github: fromGitHub, gitlab: fromGitLab, jenkins: fromJenkins };

/** `null` outside of a job, and for a job that is for no ref. */
export function readHostRef(env: Variables): HostRef | null {
  const host = hostIn(env);
  return host === null ? null : REFS[host](env);
}

/** docs.github.com, "Variables reference" and "Events that trigger workflows". */
function fromGitHub(env: Variables): HostRef | null {
  const commit = filled(env, 'GITHUB_SHA');
  const ref = filled(env, 'GITHUB_REF') ?? '';
  const event = env['GITHUB_EVENT_NAME'] ?? '';
  const number = /^refs\/pull\/(\d+)\//.exec(ref)?.[1];
  // `pull_request_target` names the base branch as its ref, while what is checked out may be anybody's.
  if (number !== undefined || event.startsWith('pull_request')) {
    return { kind: 'pullRequest', name: number ?? numberInEvent(env) ?? 'unknown', commit };
  }
  const queued = /^refs\/heads\/gh-readonly-queue\/.+\/pr-(\d+)-[0-9a-f]+$/.exec(ref)?.[1];
  if (queued !== undefined || event === 'merge_group')
    return { kind: 'pullRequest', name: queued ?? 'unknown', commit };
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref) ?? [];
  return name === undefined ? null : { kind: kind === 'tags' ? 'tag' : 'branch', name, commit };
}

function numberInEvent(env: Variables): string | null {
  const path = filled(env, 'GITHUB_EVENT_PATH');
  try {
    const event: unknown = JSON.parse((path === null ? undefined : readIfThere(path)) ?? 'null');
    const number = typeof event === 'object' && event !== null && 'number' in event ? event.number : null;
    return typeof number === 'number' ? String(number) : null;
  } catch {
    return null;
  }
}

/** docs.gitlab.com, "Predefined CI/CD variables". A merge train is a merge request too. */
function fromGitLab(env: Variables): HostRef | null {
  const commit = filled(env, 'CI_COMMIT_SHA');
  const number = filled(env, 'CI_MERGE_REQUEST_IID') ?? filled(env, 'CI_EXTERNAL_PULL_REQUEST_IID');
  if (number !== null) return { kind: 'pullRequest', name: number, commit };
  const [tag, branch] = [filled(env, 'CI_COMMIT_TAG'), filled(env, 'CI_COMMIT_BRANCH')];
  if (tag !== null) return { kind: 'tag', name: tag, commit };
  return branch === null ? null : { kind: 'branch', name: branch, commit };
}

/** Multibranch jobs say what they are for; of others the git plugin says which branch of which remote it has fetched. */
function fromJenkins(env: Variables): HostRef | null {
  const commit = filled(env, 'GIT_COMMIT');
  const [change, tag] = [filled(env, 'CHANGE_ID'), filled(env, 'TAG_NAME')];
  if (change !== null) return { kind: 'pullRequest', name: change, commit };
  if (tag !== null) return { kind: 'tag', name: tag, commit };
  const fetched = filled(env, 'GIT_BRANCH');
  const branch =
    filled(env, 'BRANCH_NAME') ?? filled(env, 'GIT_LOCAL_BRANCH') ?? fetched?.replace(/^origin\//, '') ?? null;
  if (branch === null || branch === 'detached') return null;
  const tagged = /^(?:refs\/)?tags\/(.+)$/.exec(branch)?.[1];
  return tagged === undefined ? { kind: 'branch', name: branch, commit } : { kind: 'tag', name: tagged, commit };
}

function filled(env: Variables, name: string): string | null {
  return env[name] || null;
}
