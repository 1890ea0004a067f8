/** From the jobs of a project to a workflow. */

import { gatedEvents } from '../gates.ts';
import type { Job, JobGraph } from '../job-graph.ts';
import { runnersOf } from '../runners-of.ts';
import { jobVariables } from '../job-variables.ts';
import { allOf, anyOf, conditionOf, filterPattern, quoted } from './expression.ts';
import { stepsOf } from './steps.ts';
import type { Permission, Workflow, WorkflowJob, WorkflowTriggers } from './workflow.ts';

const RIGHTS: Readonly<Record<Job['permissions'][number], Permission>> = {
  'write-packages': 'packages',
  identity: 'id-token',
  'write-checks': 'checks',
};

export function planWorkflow(graph: JobGraph): Workflow {
  return {
    name: 'slipway',
    on: triggersOf(graph),
    permissions: {},
    // A newer push to a pull request ends what runs for the older one; anything else is in a group of its own.
    concurrency: {
      group: "slipway-${{ github.event_name == 'pull_request' && github.ref || github.run_id }}",
      'cancel-in-progress': true,
    },
    jobs: Object.fromEntries(graph.jobs.map((job) => [job.id, workflowJob(job, graph)])),
  };
}

function triggersOf({ pushes, jobs }: JobGraph): WorkflowTriggers {
  const branches = pushes.branches === 'all' ? ['**'] : pushes.branches.map(filterPattern);
  const tags = pushes.tags.map(filterPattern);
  const asked = jobs.flatMap(({ when }) => when.ways.flatMap((way) => (way.event === 'manual' ? [way.job] : [])));
  const input = jobs.find((job) => job.input !== null)?.input;
  const release = { description: input?.title ?? '', type: 'string', required: false } as const;
  return {
    push: { branches, ...(tags.length === 0 ? {} : { tags }) },
    pull_request: null,
    merge_group: null,
    workflow_dispatch: {
      inputs: {
        job: {
          description: 'What to do',
          type: 'choice',
          options: [...new Set(['run', ...asked])],
          default: 'run',
          required: true,
        },
        ...(input === undefined ? {} : { release }),
      },
    },
  };
}

function workflowJob(job: Job, graph: JobGraph): WorkflowJob {
  const needs = [...job.needs, ...job.needsWhereRun];
  const condition = jobCondition(job);
  const environment = environmentOf(job, graph);
  const env = jobVariables(job);
  return {
    name: job.title,
    ...(needs.length === 0 ? {} : { needs }),
    ...(condition === null ? {} : { if: condition }),
    'runs-on': runnersOf(job, graph.setup).github,
    'timeout-minutes': job.timeout.minutes,
    permissions: {
      contents: 'read',
      ...Object.fromEntries(job.permissions.map((right) => [RIGHTS[right], 'write'] as const)),
    },
    ...(environment === null ? {} : { environment }),
    ...(job.exclusive === null
      ? {}
      : { concurrency: { group: job.exclusive, 'cancel-in-progress': false, queue: 'max' } }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    steps: stepsOf(job, graph),
  };
}

/** A job that was skipped would skip those that need it, so what may be skipped is asked for by name. */
function jobCondition({ needs, needsWhereRun, when }: Job): string | null {
  const condition = conditionOf(when);
  if (needsWhereRun.length === 0) return condition;
  const result = (need: string, value: string): string => `needs.${need}.result == ${quoted(value)}`;
  return allOf([
    '!cancelled()',
    ...needs.map((need) => result(need, 'success')),
    ...needsWhereRun.map((need) => anyOf([result(need, 'success'), result(need, 'skipped')])),
    ...(condition === null ? [] : [condition]),
  ]);
}

/**
 * Reviewers belong to an environment, whatever comes in and by whichever way. Where a person is asked on some ways only, or
 * a rollback is to ask nobody, that is another environment of the repository.
 */
function environmentOf({ environment, kind }: Job, graph: JobGraph): string | null {
  if (environment === null) return null;
  const { deploy, approved, rollback } = environmentNames(environment.name, graph);
  if (kind === 'rollback') return rollback;
  if (approved === null || approved === deploy || environment.approval === 'none') return deploy;
  const asks = conditionOf(environment.approval);
  return asks === null ? approved : `\${{ ${allOf([asks, quoted(approved)])} || ${quoted(deploy)} }}`;
}

export interface EnvironmentNames {
  /** Of deployments that ask nobody; equal to `approved` where all ask. */
  readonly deploy: string;
  /** Of deployments that a person approves; `null`: there are none. */
  readonly approved: string | null;
  readonly rollback: string;
}

export function environmentNames(name: string, { jobs }: JobGraph): EnvironmentNames {
  const deploy = jobs.find(({ kind, environment }) => kind === 'deploy' && environment?.name === name);
  const approval = deploy?.environment?.approval ?? 'none';
  if (deploy === undefined || approval === 'none') return { deploy: name, approved: null, rollback: name };
  if (gatedEvents(deploy) === 'all') return { deploy: name, approved: name, rollback: `${name}-rollback` };
  return { deploy: name, approved: `${name}-approval`, rollback: name };
}
