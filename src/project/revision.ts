/** The commit that a pipeline is for, the ref that it was pushed on, and whether the tree holds more than the commit. */

import { runBriefly } from '../kernel/subprocess.ts';
import { type HostRef, readHostRef } from './host-ref.ts';
import { projectFault } from './project-fault.ts';

export interface Revision {
  /** All 40 (or 64) digits. */
  readonly commit: string;
  /** The first twelve. */
  readonly short: string;
  readonly kind: 'branch' | 'tag' | 'pullRequest' | 'detached';
  /** Of the branch or tag, the number of the pull request, `short` when detached. */
  readonly name: string;
  /** How many files below the folder differ from the commit, untracked ones included; 0 for a commit that is not checked out. */
  readonly dirty: number;
}

export interface RevisionOptions {
  readonly folder: string;
  /** A branch, tag, commit or full ref name; when absent what is checked out, which in a job of a CI system it names. */
  readonly ref?: string;
  /** Only HOME, PATH, XDG_CONFIG_HOME and GIT_* of it reach git; what CI systems say by it is read too. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Reads it with git: one call for a branch that is checked out, two otherwise.
 *
 * @throws Fault `project/no-repository`, `project/no-commit`, `project/unknown-ref`, `project/git-failed`, and
 *   `subprocess/not-found` without git.
 */
export async function readRevision(options: RevisionOptions): Promise<Revision> {
  const { ref } = options;
  if (ref === undefined) return readCheckedOut(options);
  if (ref.startsWith('-') || ref.trim() === '') throw unknownRef(ref);
  const [status, resolved] = await Promise.all([readStatus(options), resolveRef(options, ref)]);
  if (resolved === null && !ref.startsWith('refs/')) throw unknownRef(ref);
  // A CI system checks out a commit and names the ref that it was pushed on, which need not exist here.
  const commit = resolved?.commit ?? status.commit;
  const named = parseRef(resolved?.fullName ?? ref);
  const dirty = commit === status.commit ? status.dirty : 0;
  return revision(commit, named, dirty);
}

/** What we (and the program that runs a GitLab file on a laptop) put into the folder is no change of the project. */
const OURS = [':(exclude).slipway', ':(exclude).gitlab-ci-local'];

async function readCheckedOut(options: RevisionOptions): Promise<Revision> {
  const status = await readStatus(options);
  const hosted = readHostRef(options.environment);
  if (hosted === null || !(await isFor(hosted, status, options))) return readHead(status, options);
  const { kind, name } = hosted;
  return revision(status.commit, { kind, name }, status.dirty);
}

/**
 * Whether what the host says of its job is said of what is checked out: a step may have checked out something else. What
 * was proposed from elsewhere stays that, whatever is checked out.
 */
async function isFor({ kind, name, commit }: HostRef, status: Status, options: RevisionOptions): Promise<boolean> {
  if (kind === 'pullRequest' || commit === null || commit === status.commit) return true;
  // Some hosts name the object of an annotated tag.
  return kind === 'tag' && (await resolveRef(options, `refs/tags/${name}`))?.commit === status.commit;
}

interface Status {
  readonly commit: string;
  /** `null` when detached. */
  readonly branch: string | null;
  readonly dirty: number;
}

type Named = Pick<Revision, 'kind' | 'name'>;

function revision(commit: string, named: Named | null, dirty: number): Revision {
  const short = commit.slice(0, 12);
  return { commit, short, ...(named ?? { kind: 'detached', name: short }), dirty };
}

async function readHead({ commit, branch, dirty }: Status, options: RevisionOptions): Promise<Revision> {
  if (branch !== null) return revision(commit, { kind: 'branch', name: branch }, dirty);
  const described = await git(options, ['describe', '--tags', '--exact-match', commit]);
  const tag = described.exitCode === 0 ? described.stdout.trim() : '';
  return revision(commit, tag === '' ? null : { kind: 'tag', name: tag }, dirty);
}

async function readStatus(options: RevisionOptions): Promise<Status> {
  const args = ['status', '--porcelain=v2', '--branch', '--untracked-files=all', '--no-renames', '--', '.', ...OURS];
  const { exitCode, stdout, stderr } = await git(options, args);
  if (exitCode !== 0) throw statusFault(options.folder, stderr);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const header = (name: string): string =>
    lines.find((line) => line.startsWith(`# ${name} `))?.slice(name.length + 3) ?? '';
  const commit = header('branch.oid');
  if (commit === '' || commit === '(initial)') {
    throw projectFault({
      code: 'project/no-commit',
      message: `The git repository of ${options.folder} has no commit yet.`,
      hint: 'Commit something first: `git add --all && git commit`.',
    });
  }
  const head = header('branch.head');
  return {
    commit,
    branch: head === '(detached)' ? null : head,
    dirty: lines.filter((line) => !line.startsWith('#')).length,
  };
}

function statusFault(folder: string, stderr: string): Error {
  if (/not a git repository/i.test(stderr)) {
    return projectFault({
      code: 'project/no-repository',
      message: `${folder} is not in a git repository, so there is no revision to work on.`,
      hint: 'Make it one: `git init`, `git add --all` and `git commit`.',
    });
  }
  return gitFailed(stderr);
}

function gitFailed(stderr: string): Error {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return projectFault({
    code: 'project/git-failed',
    message: `git failed: ${lines[0] ?? 'it said nothing'}`,
    hint: lines.find((line) => line.includes('git config'))?.trim() ?? 'Run `git status` in the folder to see it.',
  });
}

/** The commit of a ref, and its full name when it is a branch or tag; `null` when there is no such ref. */
async function resolveRef(
  options: RevisionOptions,
  ref: string,
): Promise<{ readonly commit: string; readonly fullName: string | null } | null> {
  const { exitCode, stdout } = await git(options, [
    'rev-parse',
    '--quiet',
    `${ref}^{commit}`,
    '--symbolic-full-name',
    ref,
  ]);
  const [commit, fullName = ''] = stdout.split('\n');
  if (exitCode !== 0 || commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return null;
  return { commit, fullName: fullName === '' ? null : fullName };
}

const REF_FORMS: readonly { readonly pattern: RegExp; readonly kind: Named['kind'] }[] = [
  // Some CI systems fetch pull requests as a remote named `pull`, so this comes before the remotes.
  { pattern: /^refs\/(?:remotes\/)?pull\/(\d+)(?:\/.*)?$/, kind: 'pullRequest' },
  { pattern: /^refs\/heads\/(.+)$/, kind: 'branch' },
  { pattern: /^refs\/remotes\/[^/]+\/(?!HEAD$)(.+)$/, kind: 'branch' },
  { pattern: /^refs\/tags\/(.+)$/, kind: 'tag' },
  { pattern: /^refs\/merge-requests\/(\d+)(?:\/.*)?$/, kind: 'pullRequest' },
];

/** What a full ref name stands for; `null` for a plain commit. */
export function parseRef(fullName: string): Named | null {
  for (const { pattern, kind } of REF_FORMS) {
    const name = pattern.exec(fullName)?.[1];
    if (name !== undefined) return { kind, name };
  }
  return null;
}

function unknownRef(ref: string): Error {
  return projectFault({
    code: 'project/unknown-ref',
    message: `There is no branch, tag or commit ${JSON.stringify(ref)} here.`,
    hint: 'List what is there with `git branch --all` and `git tag`.',
  });
}

const PASSED_ON = /^(HOME|PATH|XDG_CONFIG_HOME|GIT_.*)$/;
const LONGEST = 30_000;

async function git(
  { folder, environment, signal }: RevisionOptions,
  args: readonly string[],
): ReturnType<typeof runBriefly> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && PASSED_ON.test(name)) passed[name] = value;
  }
  // Reading must not take the index lock from a git that somebody else runs; messages are matched in English.
  const env = { ...passed, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
  const finished = await runBriefly({
    program: 'git',
    args,
    cwd: folder,
    env,
    timeout: LONGEST,
    ...(signal ? { signal } : {}),
  });
  signal?.throwIfAborted();
  if (finished.ended === 'timeout') throw gitFailed(`it took longer than ${LONGEST / 1000} seconds`);
  return finished;
}
