/** Runs a plan: what is kept already is taken from the cache, the rest runs in parallel, and everything is told. */

import { availableParallelism } from 'node:os';
import type { Clock } from '../kernel/clock.ts';
import type { Json } from '../kernel/digest.ts';
import { randomIdentifier } from '../kernel/random.ts';
import type { Cache } from './cache.ts';
import type { EventDraft, PipelineEvent, RunOutcome, TaskResult } from './events.ts';
import { pipelineFault } from './pipeline-fault.ts';
import type { Plan } from './plan.ts';
import { viewProjectFiles } from './project-files.ts';
import { runSchedule } from './schedule.ts';
import type { Fingerprint, TaskDefinition } from './task.ts';
import { createTaskRunner } from './task-runner.ts';

export interface RunPipelineOptions {
  readonly plan: Plan;
  readonly cache: Cache;
  /** The project folder. */
  readonly project: string;
  /** Where tasks' environment variables are taken from; each gets only those it names. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Folder of the log files: `logs/RUN/check/format.log`. Nothing is made there by a run that has nothing to do. */
  readonly logs: string;
  /** Tasks at once; as many as there are processors when absent. */
  readonly limit?: number;
  /** Stop everything at the first failure; else only what needs the failed task is left out. */
  readonly failFast?: boolean;
  /** Called in order, and before the next thing happens. */
  readonly onEvent?: (event: PipelineEvent) => void;
  readonly signal?: AbortSignal;
}

export interface PipelineRun {
  readonly id: string;
  readonly outcome: RunOutcome;
  /** In the order of the plan. */
  readonly results: readonly TaskResult[];
  /** Milliseconds. */
  readonly duration: number;
  /** By what the results can be found in the cache again that this run has made or used: for `giveHandover`. */
  readonly fingerprints: readonly Fingerprint[];
  /**
   * What a task that passed (in this run or an earlier one) has left: its output folder (read only, made now; it stays
   * for at least an hour) and its value.
   *
   * @throws Fault `pipeline/no-output` when the task is not in the plan or has not passed.
   */
  openResult(task: string): { readonly output: string; readonly value: Json };
}

/**
 * A failed task, also one that met a `Fault`, is a result. What else a task throws is a bug: the run is stopped, and
 * when all has ended (and been told) the error is thrown. Inputs are read as they are when the run begins.
 */
export async function runPipeline(options: RunPipelineOptions): Promise<PipelineRun> {
  const { plan, cache, project, clock, signal } = options;
  const id = randomIdentifier(12);
  const began = clock.monotonic();
  const stop = new AbortController();
  const bugs: unknown[] = [];
  const onBug = (error: unknown): void => {
    bugs.push(error);
    stop.abort(new Error('a bug was met'));
  };
  const emit = createEmitter(options, id, onBug);
  const index = cache.indexOf(project);
  const runner = createTaskRunner({
    cache,
    project,
    clock,
    environment: options.environment,
    logs: options.logs,
    run: id,
    emit,
    onBug,
    files: viewProjectFiles({ project, index, clock }),
    onFailure: ({ task }) => {
      if (options.failFast === true) stop.abort(new Error(`${task} failed`));
    },
    signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
  });

  emit({ kind: 'run.started', tasks: plan.tasks.map(({ id, stage, title, needs }) => ({ id, stage, title, needs })) });
  const byId = await runSchedule<TaskDefinition, TaskResult>({
    tasks: plan.tasks,
    limit: options.limit ?? availableParallelism(),
    settle: (task, resultOf) => runner.settle(task, resultOf),
    perform: (task) => runner.perform(task),
  });
  await runner.close();
  index.save();
  const results = plan.tasks.flatMap((task) => byId.get(task.id) ?? []);
  const outcome = outcomeOf(results, signal?.aborted === true);
  const duration = clock.monotonic() - began;
  emit({ kind: 'run.finished', outcome, duration, counts: countsOf(results) });
  if (bugs.length > 0) throw bugs[0];
  return {
    id,
    outcome,
    results,
    duration,
    fingerprints: runner.fingerprints(),
    openResult(task) {
      const kept = runner.keptOf(task);
      if (kept === undefined) throw noOutput(task);
      return {
        get output() {
          return cache.open(kept);
        },
        value: kept.value,
      };
    },
  };
}

/** An observer that throws is a bug like any other: it stops the run, but not the telling of how the run ends. */
function createEmitter({ onEvent, clock }: RunPipelineOptions, run: string, onBug: (error: unknown) => void) {
  return (event: EventDraft): void => {
    try {
      onEvent?.({ ...event, run, at: clock.wall() });
    } catch (error) {
      onBug(error);
    }
  };
}

function outcomeOf(results: readonly TaskResult[], cancelled: boolean): RunOutcome {
  if (cancelled && results.some(({ kind }) => kind === 'cancelled')) return 'cancelled';
  return results.every(({ kind }) => kind === 'ran' || kind === 'cached') ? 'passed' : 'failed';
}

function countsOf(results: readonly TaskResult[]): Record<TaskResult['kind'], number> {
  const counts = { ran: 0, cached: 0, failed: 0, skipped: 0, cancelled: 0 };
  for (const { kind } of results) counts[kind] += 1;
  return counts;
}

function noOutput(task: string) {
  return pipelineFault({
    code: 'pipeline/no-output',
    message: `There is no output of ${task}: it was not part of this run or did not pass.`,
    hint: `Run it, and what it needs, to its end first.`,
  });
}
