/** Runs the tasks of a session: shown as it happens, and written into the journal. */

import { join } from 'node:path';
import type { EntryDraft } from '../journal/index.ts';
import { formatDuration } from '../kernel/quantity.ts';
import { entriesOf, type PipelineRun, planPipeline, runPipeline, type StageName, STAGES } from '../pipeline/index.ts';
import { openJournal, type System } from '../system.ts';
import { handOn, takeOver } from './handing-over.ts';
import type { JobReport } from './job-report.ts';
import type { PipelineSession } from './pipeline-session.ts';
import { createRunReport } from './report/run-report.ts';
import type { Terminal } from './terminal.ts';

export interface RunScene {
  readonly system: System;
  readonly terminal: Terminal;
  readonly session: PipelineSession;
  readonly signal: AbortSignal;
  /** Where reports for a CI system go; by default in the project, and only in a job of one. */
  readonly reports?: string;
}

/** Runs the tasks up to a stage (all when `undefined`), shows it as it happens and writes it into the journal. */
export async function runTasks(scene: RunScene, stage?: StageName): Promise<PipelineRun> {
  const { system, terminal, session, signal } = scene;
  takeOver(scene);
  const job = await openJob(scene, stage ?? null);
  const journal = await openJournal(system);
  const report = createRunReport(terminal, system.clock);
  const stages = stage === undefined ? STAGES : [stage];
  // Each append waits for the disk, so what costs nothing (cached tasks) is told together.
  let untold: EntryDraft[] = [];
  const tell = (): void => {
    if (untold.length > 0) journal.append(untold);
    untold = [];
  };
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
        job?.onEvent(event);
        report.onEvent(event);
        untold.push(...entriesOf(event));
        const free = event.kind === 'run.started' || (event.kind === 'task.finished' && event.result.kind === 'cached');
        if (!free) tell();
      },
    });
    report.close();
    // Only a stage has something after it; whoever is told to stop has no time for it.
    if (stage !== undefined && run.outcome !== 'cancelled') handOn(scene, stage, run);
    terminal.note(summaryLine(run, terminal));
    job?.finish(run);
    return run;
  } finally {
    report.close();
    tell();
    journal.close();
  }
}

/** Loaded only where somebody reads it. */
async function openJob(scene: RunScene, stage: StageName | null): Promise<JobReport | undefined> {
  if (scene.terminal.host === undefined && scene.reports === undefined) return undefined;
  const { openJobReport } = await import('./job-report.ts');
  return openJobReport(scene, stage);
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
