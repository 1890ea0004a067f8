/** `slipway plan [--ref REF] [--json]`. */

import { formatDuration } from '../../kernel/quantity.ts';
import { describePlan, describeReasons, planPipeline, type PlannedTask } from '../../pipeline/index.ts';
import type { Project } from '../../project/index.ts';
import { openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { openSession } from '../pipeline-session.ts';
import { countingNote } from '../report/counting-note.ts';
import { type EnvironmentForecast, forecastReport } from '../report/forecast-report.ts';
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
  const forecasts = await forecastsOf(
    system,
    project,
    deployments.map(({ environment }) => environment),
  );
  if (options.json) {
    terminal.print(JSON.stringify({ service: project.service, revision, tasks, deployments, forecasts }));
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
    const note = noteOn(project, environment);
    if (note !== null) terminal.print(terminal.style('yellow', `    ! ${note}`));
  }
  for (const one of forecasts) terminal.print(`\n${forecastReport(one, terminal)}`);
  return EXIT.ok;
}

function noteOn({ environments }: Project, name: string): string | null {
  const found = environments.find((one) => one.name === name);
  return found === undefined ? null : countingNote(found.spec);
}

/** Supposed where no rollout has counted any: requests per second, and the share of them that fails. */
const SUPPOSED_RATES = [1, 10, 100];
const SUPPOSED_ERRORS = 0.001;

/** What the judges of these environments will do at the traffic that their last rollouts have counted. */
async function forecastsOf(
  system: System,
  { service, environments }: Project,
  names: readonly string[],
): Promise<readonly EnvironmentForecast[]> {
  if (names.length === 0) return [];
  const { forecast, seenTraffic } = await import('../../delivery/index.ts');
  const journal = await openJournal(system);
  const found: EnvironmentForecast[] = [];
  for (const { name, spec } of environments.filter(({ name }) => names.includes(name))) {
    const seen = seenTraffic(journal, `${service}/${name}`);
    const failed = seen !== null && seen.bad > 0;
    // Where no request has failed, none is known to fail more seldom than one in all; of a few that says nothing.
    const atMost = Math.min(SUPPOSED_ERRORS, 1 / Math.max(1, seen?.requests ?? 0));
    const baseline = failed ? seen.bad / seen.requests : atMost;
    const rates = seen === null ? SUPPOSED_RATES : [seen.rate];
    const forecasts = rates.flatMap((rate) => forecast(spec.strategy, { rate, baseline }) ?? []);
    const counted = seen === null ? null : `counted ${formatDuration(Math.max(0, system.clock.wall() - seen.at))} ago`;
    if (forecasts.length > 0) found.push({ environment: name, seen: counted, failed, forecasts });
  }
  journal.close();
  return found;
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
