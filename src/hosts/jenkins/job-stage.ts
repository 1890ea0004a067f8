/** One job as a stage, or as a stage of stages where a person is asked: an agent must not be held meanwhile. */

import type { Job, JobGraph } from '../job-graph.ts';
import { gatedEvents } from '../gates.ts';
import { installLines } from '../install-lines.ts';
import { jobVariables } from '../job-variables.ts';
import { runnersOf } from '../runners-of.ts';
import { LOGIN } from '../registry-login.ts';
import { writeCommand } from '../write-command.ts';
import {
  type Agent,
  call,
  type Call,
  type Environment,
  reference,
  type Stage,
  type Statement,
} from './jenkins-document.ts';
import { handOn, reportSteps, takeOver } from './stage-steps.ts';
import { conditionOf } from './when.ts';

/** Days that a person may take to answer. */
export const PATIENCE = 3;

/** @param always Whether the stage around this one has seen to it that the job runs. */
export function jobStage(job: Job, graph: JobGraph, always: boolean): Stage {
  const gate = gatedEvents(job);
  if (gate !== 'none') return gatedStage(job, graph, gate);
  const condition = always ? undefined : conditionOf(job.when, graph);
  const when = condition && { when: { before: job.exclusive === null ? 'agent' : 'options', condition } as const };
  return { name: job.id, ...when, ...workOf(job, graph) };
}

function gatedStage(job: Job, graph: JobGraph, gate: 'all' | 'some'): Stage {
  const { id, title, when, environment } = job;
  const approval = environment?.approval ?? 'none';
  const asking = gate === 'all' || approval === 'none' ? null : conditionOf(approval, graph);
  const only = (before: 'input' | 'options', not = false): Pick<Stage, 'when'> =>
    asking === null ? {} : { when: { before, condition: not ? { kind: 'not', of: asking } : asking } };
  const unapproved = { ...job, command: job.command.filter((word) => word !== '--approved-by-host') };
  const stages: readonly Stage[] = [
    {
      name: `${id}: ask`,
      ...only('input'),
      options: [call('timeout', { time: PATIENCE, unit: 'DAYS' })],
      input: { message: `${title}?`, ok: title },
      body: { kind: 'steps', steps: [call('echo', ['A person has said yes.'])] },
    },
    { name: `${id}: approved`, ...only('options'), ...workOf(job, graph) },
    ...(asking === null ? [] : [{ name: `${id}: free`, ...only('options', true), ...workOf(unapproved, graph) }]),
  ];
  return {
    name: id,
    when: { before: null, condition: conditionOf(when, graph) },
    body: { kind: 'stages', stages },
  };
}

/** Everything of a stage but its name and its time. */
function workOf(job: Job, graph: JobGraph): Omit<Stage, 'name' | 'when'> {
  const { exclusive, timeout } = job;
  const environment = environmentOf(job);
  const post = reportSteps(job.reports);
  return {
    agent: agentOf(job, graph),
    // As an option it is waited for before an agent is taken.
    ...(exclusive === null ? {} : { options: [call('lock', { resource: exclusive })] }),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
    body: {
      kind: 'steps',
      // Inside, so that the time spent waiting for an agent does not count.
      steps: [call('timeout', { time: timeout.minutes, unit: 'MINUTES' }, stepsOf(job, graph))],
    },
    ...(post.length > 0 ? { post: { always: post } } : {}),
  };
}

function agentOf(job: Job, { setup }: JobGraph): Agent {
  const label = runnersOf(job, setup).jenkins;
  return label === null ? { kind: 'any' } : { kind: 'label', label };
}

/**
 * Beside the workspace of the branch, where Jenkins puts what belongs to it: branches that run side by side have `@2`, `@3`
 * on theirs, now the one and now the other.
 */
const SIBLING = `"$(printf %s "$WORKSPACE" | sed 's/@[0-9]*$//')@slipway"`;

function keepsCache({ kind, cache }: Job): boolean {
  return kind === 'stage' && cache !== 'none';
}

function environmentOf(job: Job): Environment {
  const { secrets, permissions, environment } = job;
  const { SLIPWAY_CACHE: folder, ...variables } = jobVariables(job);
  const tokens = permissions.includes('identity') ? ['SIGSTORE_ID_TOKEN'] : [];
  return {
    ...variables,
    ...(folder === undefined || keepsCache(job) ? {} : { SLIPWAY_CACHE: folder }),
    // Jenkins ends every process that a build leaves behind, unless it has this.
    ...(environment?.staysOnRunner === true ? { JENKINS_NODE_COOKIE: 'dontKillMe' } : {}),
    ...Object.fromEntries([...secrets, ...tokens].map((name) => [name, call('credentials', [name])])),
  };
}

function stepsOf(job: Job, graph: JobGraph): readonly Statement[] {
  const install = installLines(job, graph.setup);
  const fetched = [call('checkout', [reference('scm')]), ...install.map((line) => call('sh', [line]))];
  return [
    // The network's fault is no verdict; what follows is not tried twice.
    call('retry', [3], fetched),
    ...takeOver(job, graph),
    ...commandSteps(job),
    ...handOn(job),
  ];
}

/** Id of the credential "Username with password" of the registry. */
export const LOGIN_CREDENTIAL = 'slipway-registry';

/** Around the one step that pushes: what installs tools has no business with it. */
function withLogin({ registry }: Job, steps: readonly Statement[]): readonly Statement[] {
  if (registry === null) return steps;
  const login = call('usernamePassword', {
    credentialsId: LOGIN_CREDENTIAL,
    usernameVariable: LOGIN.user,
    passwordVariable: LOGIN.password,
  });
  return [call('withCredentials', [{ kind: 'list', of: [login] }], steps)];
}

function commandSteps(job: Job): readonly Statement[] {
  const line = writeCommand(job, null);
  if (job.kind !== 'deploy') {
    return withLogin(job, [call('sh', [keepsCache(job) ? `SLIPWAY_CACHE=${SIBLING} ${line}` : line])]);
  }
  const status = reference('status');
  const waits: Call = call('unstable', [`${job.environment?.name ?? job.id} waits for a person.`]);
  const failed: Call = call('error', [
    { kind: 'compare', operator: '+', left: 'slipway ended with exit code ', right: status },
  ]);
  return [
    call(
      'script',
      [],
      [
        { kind: 'define', name: 'status', value: call('sh', { script: line, returnStatus: true }) },
        {
          kind: 'if',
          test: { kind: 'compare', operator: '==', left: status, right: 4 },
          whenTrue: [waits],
          otherwise: [
            {
              kind: 'if',
              test: { kind: 'compare', operator: '!=', left: status, right: 0 },
              whenTrue: [failed],
              otherwise: [],
            },
          ],
        },
      ],
    ),
  ];
}
