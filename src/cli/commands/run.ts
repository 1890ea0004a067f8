/** `slipway run [STAGE] [--deploy] [--json]`. */

import { join } from 'node:path';
import { Fault } from '../../kernel/fault.ts';
import { formatDuration } from '../../kernel/quantity.ts';
import {
  entriesOf,
  type PipelineRun,
  planPipeline,
  runPipeline,
  type StageName,
  STAGES,
} from '../../pipeline/index.ts';
import { openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { openSession, type PipelineSession } from '../pipeline-session.ts';
import { createRunReport } from '../report/run-report.ts';
import type { Terminal } from '../terminal.ts';

export interface RunOptions {
  readonly stage: string | undefined;
  readonly deploy: boolean;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

export async function runRun(system: System, terminal: Terminal, options: RunOptions): Promise<ExitCode> {
  const stage = parseStage(options.stage);
  const session = await openSession(system, terminal, options);
  const run = await runTasks({ system, terminal, session, signal: options.signal }, stage);
  if (options.json) {
    const { id, outcome, results, duration } = run;
    terminal.print(JSON.stringify({ id, outcome, duration, results, revision: session.revision }));
  }
  if (run.outcome === 'cancelled') return EXIT.interrupted;
  if (run.outcome === 'failed') return EXIT.refused;
  if (stage !== undefined && stage !== 'package' && stage !== 'deploy') return EXIT.ok;
  const deploying = await import('./deploy.ts');
  const image = await deploying.keepImage({ system, terminal, session, signal: options.signal }, run);
  const inCi = system.env['CI'] !== undefined && system.env['CI'] !== 'false' && stage === undefined;
  if (!options.deploy && stage !== 'deploy' && !inCi) return EXIT.ok;
  return deploying.rollOut(
    { system, terminal, session, signal: options.signal },
    { image, environment: undefined, wait: true },
  );
}

export interface RunScene {
  readonly system: System;
  readonly terminal: Terminal;
  readonly session: PipelineSession;
  readonly signal: AbortSignal;
}

/** Runs the tasks up to a stage (all when `undefined`), shows it as it happens and writes it into the journal. */
export async function runTasks(
  { system, terminal, session, signal }: RunScene,
  stage?: StageName,
): Promise<PipelineRun> {
  const journal = await openJournal(system);
  const report = createRunReport(terminal, system.clock);
  const stages = stage === undefined ? STAGES : [stage];
  try {
    const run = await runPipeline({
      plan: planPipeline(session.tasks, { stages }),
      cache: session.cache,
      project: session.folder,
      environment: system.env,
      clock: system.clock,
      logs: join(system.home, 'logs', 'runs'),
      signal,
      onEvent(event) {
        report.onEvent(event);
        const entries = entriesOf(event);
        if (entries.length > 0) journal.append(entries);
      },
    });
    report.close();
    terminal.note(summaryLine(run, terminal));
    return run;
  } finally {
    report.close();
    journal.close();
  }
}

function summaryLine({ outcome, results, duration }: PipelineRun, terminal: Terminal): string {
  const count = (kind: (typeof results)[number]['kind']): number =>
    results.filter((result) => result.kind === kind).length;
  const parts = [
    `${count('ran')} ran`,
    `${count('cached')} from the cache`,
    ...(['failed', 'skipped', 'cancelled'] as const).flatMap((kind) =>
      count(kind) > 0 ? [`${count(kind)} ${kind}`] : [],
    ),
  ];
  const style = outcome === 'passed' ? 'green' : 'red';
  return `${terminal.style(style, outcome)}: ${parts.join(', ')} in ${formatDuration(duration)}`;
}

function parseStage(text: string | undefined): StageName | undefined {
  if (text === undefined) return undefined;
  const stage = STAGES.find((name) => name === text);
  if (stage !== undefined) return stage;
  throw new Fault({
    code: 'cli/unknown-stage',
    kind: 'usage',
    message: `There is no stage ${text}.`,
    hint: `Stages are ${STAGES.join(', ')}.`,
  });
}
