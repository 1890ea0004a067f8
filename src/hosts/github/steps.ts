/** What one job does, step by step. Nothing that a stranger can choose stands in a `run`. */

import type { Job, JobGraph } from '../job-graph.ts';
import { gatedEvents } from '../gates.ts';
import { installLines } from '../install-lines.ts';
import { CACHE_FOLDER, HANDOVER_FOLDER } from '../job-variables.ts';
import { GITHUB_REGISTRY, LOGIN } from '../registry-login.ts';
import { writeCommand } from '../write-command.ts';
import { allOf, conditionOf } from './expression.ts';
import type { Step } from './workflow.ts';

const NODE_VERSION = 24;

export function stepsOf(job: Job, graph: JobGraph): readonly Step[] {
  return [
    { name: 'Check out', uses: 'actions/checkout', with: { 'persist-credentials': false } },
    ...installSteps(installLines(job, graph.setup)),
    ...(job.cache === 'none' ? [] : [restoreStep(job)]),
    ...takeSteps(job, graph),
    runStep(job),
    ...(job.handsOn ? [handOnStep(job)] : []),
    ...(job.cache === 'restore-and-save' ? [saveStep(job, graph)] : []),
  ];
}

function installSteps(install: readonly string[]): readonly Step[] {
  if (install.length === 0) return [];
  return [
    {
      name: 'Node',
      uses: 'actions/setup-node',
      // Its own cache would be shared with jobs that may write where images are kept.
      with: { 'node-version': NODE_VERSION, 'package-manager-cache': false },
    },
    { name: 'Tools', run: install.join('\n') },
  ];
}

/** One entry for each job and commit: an entry is never overwritten, and the newest one is found by the beginning. */
function cacheEntry({ id }: Job): { readonly key: string; readonly beginning: string } {
  const beginning = `slipway-${id}-\${{ runner.os }}-\${{ runner.arch }}-`;
  return { key: `${beginning}\${{ github.sha }}`, beginning };
}

function restoreStep(job: Job): Step {
  const { key, beginning } = cacheEntry(job);
  const where = { path: CACHE_FOLDER, key, 'restore-keys': beginning };
  return { name: 'Results of earlier runs', uses: 'actions/cache/restore', with: where };
}

function saveStep(job: Job, { protectedBranches }: JobGraph): Step {
  const trusted = protectedBranches.map((pattern) => ({ event: 'push', ref: 'branch', pattern }) as const);
  const condition = conditionOf({ ways: trusted });
  return {
    name: 'Results for later runs',
    ...(condition === null ? {} : { if: condition }),
    uses: 'actions/cache/save',
    with: { path: CACHE_FOLDER, key: cacheEntry(job).key },
  };
}

/** Of the jobs that it needs. */
function takeSteps({ needs }: Job, { jobs }: JobGraph): readonly Step[] {
  const givers = jobs.filter(({ id, handsOn }) => handsOn && needs.includes(id)).map(({ id }) => id);
  const [first, ...others] = givers;
  if (first === undefined) return [];
  const which =
    others.length === 0 ? { name: artifactOf(first) } : { pattern: artifactOf('*'), 'merge-multiple': true };
  return [
    {
      name: 'Results of other jobs',
      uses: 'actions/download-artifact',
      with: { ...which, path: HANDOVER_FOLDER },
    },
  ];
}

function artifactOf(job: string): string {
  return `handover-${job}`;
}

/** A tar, since an artifact keeps no modes; and a folder with a dot is hidden. */
function handOnStep({ id, stage }: Job): Step {
  return {
    name: 'Results for other jobs',
    uses: 'actions/upload-artifact',
    with: {
      name: artifactOf(id),
      path: `${HANDOVER_FOLDER}/${stage}.tar`,
      'include-hidden-files': true,
      'if-no-files-found': 'error',
      'compression-level': 0,
      'retention-days': 1,
      // A job that runs again gives the same name.
      overwrite: true,
    },
  };
}

/** Set where a person has let the job through, on a way that asks. */
const GATE = 'SLIPWAY_APPROVED';

function runStep(job: Job): Step {
  const { title, input, secrets } = job;
  const gate = gatedEvents(job) === 'some' ? GATE : null;
  const env = {
    ...Object.fromEntries(secrets.map((name) => [name, secret(name)])),
    ...loginOf(job),
    ...(input === null ? {} : { [input.variable]: '${{ inputs.release }}' }),
    ...(gate === null ? {} : { [gate]: gateValue(job) }),
  };
  return { name: title, ...(Object.keys(env).length === 0 ? {} : { env }), run: writeCommand(job, gate) };
}

function secret(name: string): string {
  return `\${{ secrets.${name} }}`;
}

/** The token of the job may write to GitHub's own registry by its permissions. */
function loginOf({ registry }: Job): Readonly<Record<string, string>> {
  if (registry === null) return {};
  if (registry === GITHUB_REGISTRY)
    return { [LOGIN.user]: '${{ github.actor }}', [LOGIN.password]: '${{ github.token }}' };
  return { [LOGIN.user]: secret(LOGIN.user), [LOGIN.password]: secret(LOGIN.password) };
}

/** Empty where nobody was asked. */
function gateValue({ environment }: Job): string {
  const approval = environment?.approval ?? 'none';
  const asks = approval === 'none' ? null : conditionOf(approval);
  return asks === null ? '' : `\${{ ${allOf([asks, "'yes'"])} || '' }}`;
}
