/** After a task has passed: its output goes into the cache, under its fingerprint if that is still true. */

import type { Clock } from '../kernel/clock.ts';
import { failpoint } from '../kernel/failpoint.ts';
import type { Cache } from './cache.ts';
import type { KeptResult } from './cache-records.ts';
import type { MissingResult } from './look-up.ts';
import type { Performance } from './perform-task.ts';
import type { ProjectFiles } from './project-files.ts';
import type { TaskDefinition } from './task.ts';

export interface MadeResult extends MissingResult {
  readonly task: TaskDefinition;
  /** The folder in which the task left its output. */
  readonly output: string;
  readonly end: Extract<Performance, { kind: 'passed' }>;
  /** Milliseconds. */
  readonly duration: number;
}

export interface KeepOptions {
  readonly cache: Cache;
  readonly project: string;
  readonly files: ProjectFiles;
  readonly clock: Clock;
}

/**
 * When an input was touched while the task ran, nobody knows what it has read: this run goes on with the output, but
 * it is not found again (`notKept` says why; else it is `null`).
 */
export function keepResult(made: MadeResult, { cache, project, files, clock }: KeepOptions) {
  const { task, output, end, duration, fingerprint, ingredients } = made;
  const touched = task.always === true ? undefined : files.touched(task.fingerprint.files);
  const { value, summary } = end;
  const result: KeptResult = cache.take(output, { task: task.id, value, summary, ranAt: clock.wall(), duration });
  if (task.always === true) return { result, notKept: 'it runs every time' };
  failpoint('pipeline/output-taken');
  if (touched === undefined) cache.record(fingerprint, result);
  cache.noteRun(project, task.id, {
    fingerprint,
    ingredients,
    outcome: touched === undefined ? 'passed' : 'disturbed',
  });
  return { result, notKept: touched === undefined ? null : `${touched} changed while it ran` };
}
