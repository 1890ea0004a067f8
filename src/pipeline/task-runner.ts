/** The tasks of one run: each is looked up, and when its result is not there, performed, told about and kept. */

import type { Clock } from '../kernel/clock.ts';
import { Fault, messageOf } from '../kernel/fault.ts';
import type { Cache } from './cache.ts';
import type { KeptResult } from './cache-records.ts';
import type { BareResult, EventDraft, TaskFailed, TaskResult } from './events.ts';
import { keepResult } from './keep-result.ts';
import { lookUp, type MissingResult } from './look-up.ts';
import { performTask } from './perform-task.ts';
import type { ProjectFiles } from './project-files.ts';
import { describeReasons, type Reason } from './reason.ts';
import type { Fingerprint, TaskDefinition } from './task.ts';
import { createTaskContext } from './task-context.ts';
import { openTaskLog, type TaskLog } from './task-log.ts';
import type { WorkFolder } from './work-folder.ts';

export interface TaskRunnerOptions {
  readonly cache: Cache;
  readonly project: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly files: ProjectFiles;
  readonly logs: string;
  /** Id of the run. */
  readonly run: string;
  readonly emit: (event: EventDraft) => void;
  readonly onFailure: (result: TaskFailed) => void;
  readonly onBug: (error: unknown) => void;
  readonly signal: AbortSignal;
}

export interface TaskRunner {
  /** For `runSchedule`: the result of a task that need not or can't run. */
  settle(task: TaskDefinition, resultOf: (id: string) => TaskResult): TaskResult | undefined;
  /** For `runSchedule`: runs a task that `settle` had no result for. */
  perform(task: TaskDefinition): Promise<TaskResult>;
  /** What a task that passed has produced. */
  keptOf(task: string): KeptResult | undefined;
  /** By what the results can be found again that this run has made or used. */
  fingerprints(): readonly Fingerprint[];
  close(): Promise<void>;
}

export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const { cache, project, environment, clock, files, emit, signal } = options;
  const kept = new Map<string, KeptResult>();
  const missing = new Map<string, MissingResult>();
  const fingerprints = new Set<Fingerprint>();
  let work: Promise<WorkFolder> | undefined;

  const finished = (task: TaskDefinition, began: number, bare: BareResult): TaskResult => {
    const { id, stage, title } = task;
    const result: TaskResult = { ...bare, task: id, stage, title, duration: clock.monotonic() - began };
    emit({ kind: 'task.finished', result });
    if (result.kind === 'failed') options.onFailure(result);
    return result;
  };

  const settled = (task: TaskDefinition, resultOf: (id: string) => TaskResult): BareResult | undefined => {
    const obstacle = task.needs.map((id) => resultOf(id)).find(({ kind }) => kind === 'failed' || kind === 'skipped');
    if (obstacle) return { kind: 'skipped', because: becauseOf(obstacle) };
    if (signal.aborted) return cancelled(signal, null);
    try {
      const needs = Object.fromEntries(task.needs.map((id) => [id, present(kept.get(id), id).content]));
      const found = lookUp(task, needs, { cache, project, files, environment });
      if (found.kind === 'missing') {
        missing.set(task.id, found);
        return undefined;
      }
      const { result } = found;
      kept.set(task.id, result);
      fingerprints.add(found.fingerprint);
      const { summary, content, ranAt, duration } = result;
      return { kind: 'cached', summary, content, ranAt, ranFor: duration };
    } catch (error) {
      return thrown(error, [], null);
    }
  };

  const performed = async (task: TaskDefinition): Promise<BareResult> => {
    if (signal.aborted) return cancelled(signal, null);
    const found = present(missing.get(task.id), task.id);
    const log = openTaskLog(options.logs, options.run, task.id);
    try {
      log.note(`${task.id}: ${task.title}\nruns because: ${describeReasons(found.why)}`);
      emit({ kind: 'task.started', task: task.id, why: found.why, log: log.path });
      const result = await attempted(task, found, log);
      log.note(`${result.kind}: ${'summary' in result ? result.summary : result.because}`);
      return result;
    } finally {
      log.close();
    }
  };

  const attempted = async (task: TaskDefinition, found: MissingResult, log: TaskLog): Promise<BareResult> => {
    const { why, fingerprint, ingredients } = found;
    // Only a run with work to do pays for loading what starts and watches processes.
    work ??= import('./work-folder.ts').then(({ createWorkFolder }) => createWorkFolder(cache.folder));
    const folder = await work;
    const output = folder.fresh();
    const began = clock.monotonic();
    const context = createTaskContext({
      cache,
      project,
      environment,
      emit,
      task,
      output,
      log,
      keptOf: (id) => kept.get(id),
    });
    try {
      const end = await performTask({ task, context: context.of, clock, signal });
      if (end.kind === 'bug') throw end.error;
      if (end.kind === 'cancelled') return cancelled(signal, log.path);
      if (end.kind === 'failed') {
        cache.noteRun(project, task.id, { fingerprint, ingredients, outcome: 'failed' });
        return { ...end, why, log: log.path };
      }
      const made = { ...found, task, output, end, duration: clock.monotonic() - began };
      const { result, notKept } = keepResult(made, { cache, project, files, clock });
      kept.set(task.id, result);
      if (notKept === null) fingerprints.add(fingerprint);
      return { kind: 'ran', why, summary: result.summary, content: result.content, log: log.path, notKept };
    } catch (error) {
      return thrown(error, why, log.path);
    } finally {
      context.end();
      folder.remove(output);
    }
  };

  const thrown = (error: unknown, why: readonly Reason[], log: string | null): BareResult => {
    const summary = messageOf(error);
    const common = { kind: 'failed', why, log, details: [], summary, findings: [], value: null } as const;
    if (error instanceof Fault) return { ...common, cause: 'fault', code: error.code, hint: error.hint };
    options.onBug(error);
    return { ...common, cause: 'bug', code: null, hint: null };
  };

  return {
    settle(task, resultOf) {
      const began = clock.monotonic();
      const bare = settled(task, resultOf);
      return bare === undefined ? undefined : finished(task, began, bare);
    },
    async perform(task) {
      const began = clock.monotonic();
      // What goes wrong outside of the task itself (a full disk, a log that can't be opened) must not leave others running.
      const bare = await performed(task).catch((error: unknown) => thrown(error, [], null));
      return finished(task, began, bare);
    },
    keptOf: (task) => kept.get(task),
    fingerprints: () => [...fingerprints],
    async close() {
      (await work)?.close();
    },
  };
}

function cancelled(signal: AbortSignal, log: string | null): BareResult {
  const reason: unknown = signal.reason;
  // A signal that is aborted without a reason of the caller's own has one of the platform's, which says nothing.
  const because = reason instanceof Error && reason.name === 'AbortError' ? 'the run was stopped' : messageOf(reason);
  return { kind: 'cancelled', because, log };
}

/** A task that was skipped hands on why, so that the report names the one that failed. */
function becauseOf(obstacle: TaskResult): string {
  return obstacle.kind === 'skipped' ? obstacle.because : `${obstacle.task} failed`;
}

function present<Value>(value: Value | undefined, id: string): Value {
  if (value === undefined) throw new Error(`${id} has not been looked up, or has no result.`);
  return value;
}
