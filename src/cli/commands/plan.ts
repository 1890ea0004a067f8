/** `slipway plan [--ref REF] [--json]`. */

import { formatDuration } from '../../kernel/quantity.ts';
import { describePlan, describeReasons, planPipeline, type PlannedTask } from '../../pipeline/index.ts';
import type { System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { openSession } from '../pipeline-session.ts';
import { harmless, table, type Terminal } from '../terminal.ts';

export interface PlanOptions {
  readonly ref: string | undefined;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

export async function runPlan(system: System, terminal: Terminal, options: PlanOptions): Promise<ExitCode> {
  const session = await openSession(system, terminal, options);
  const { deploymentsFor, whyNowhere } = await import('../../project/index.ts');
  const { project, revision, cache, folder } = session;
  const tasks = describePlan({
    plan: planPipeline(session.tasks),
    cache,
    project: folder,
    environment: system.env,
    clock: system.clock,
  });
  const deployments = deploymentsFor(project, revision);
  if (options.json) {
    terminal.print(JSON.stringify({ service: project.service, revision, tasks, deployments }));
    return EXIT.ok;
  }
  const dirty = revision.dirty > 0 ? `, ${revision.dirty} uncommitted change${revision.dirty === 1 ? '' : 's'}` : '';
  terminal.print(
    `${terminal.style('bold', project.service)} at ${revision.commit.slice(0, 12)} (${revision.kind} ${harmless(revision.name)}${dirty})`,
  );
  terminal.print('');
  terminal.print(table(tasks.map((task) => [`  ${symbolOf(task, terminal)} ${task.id}`, task.title, stateOf(task)])));
  terminal.print('');
  if (deployments.length === 0) terminal.print(`  → nowhere: ${whyNowhere(project, revision)}`);
  for (const { environment, why, approval } of deployments) {
    terminal.print(`  → ${environment}  ${harmless(why)}${approval ? ', after approval' : ''}`);
  }
  return EXIT.ok;
}

function symbolOf({ state }: PlannedTask, terminal: Terminal): string {
  if (state.kind === 'cached') return terminal.style('green', '●');
  return state.kind === 'runs' ? terminal.style('cyan', '▶') : terminal.style('dim', '?');
}

function stateOf({ state }: PlannedTask): string {
  switch (state.kind) {
    case 'cached':
      return `in the cache: ${harmless(state.summary)} (took ${formatDuration(state.duration)})`;
    case 'runs':
      return `runs: ${describeReasons(state.why)}`;
    case 'depends':
      return `depends on what ${state.on.join(', ')} makes`;
  }
}
