/** What a task is given while it runs. */

import type { Cache } from './cache.ts';
import type { KeptResult } from './cache-records.ts';
import type { EventDraft } from './events.ts';
import type { TaskContext, TaskDefinition } from './task.ts';
import type { TaskLog } from './task-log.ts';

export interface TaskContextOptions {
  readonly cache: Cache;
  readonly project: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly emit: (event: EventDraft) => void;
  readonly task: TaskDefinition;
  readonly output: string;
  readonly log: TaskLog;
  readonly keptOf: (task: string) => KeptResult | undefined;
}

export interface ContextSource {
  readonly of: (signal: AbortSignal) => TaskContext;
  /** From here on nothing is told any more: a task that did not stop in time may still talk. */
  end(): void;
}

export function createTaskContext(options: TaskContextOptions): ContextSource {
  const { cache, project, environment, emit, task, output, log, keptOf } = options;
  let ended = false;
  return {
    of: (signal) => ({
      project,
      output,
      environment: Object.fromEntries(
        task.fingerprint.environment.flatMap((name) => {
          const value = environment[name];
          return value === undefined ? [] : [[name, value]];
        }),
      ),
      need(id) {
        const kept = task.needs.includes(id) ? keptOf(id) : undefined;
        if (kept === undefined) throw new Error(`${task.id} uses ${id} without naming it in its needs.`);
        return {
          // Most dependants read the value only, and then no folder has to be made.
          get output() {
            return cache.open(kept);
          },
          value: kept.value,
        };
      },
      log(piece) {
        if (ended) return;
        log.write(piece);
        emit({ kind: 'task.output', task: task.id, piece });
      },
      progress(text) {
        if (!ended) emit({ kind: 'task.progress', task: task.id, text });
      },
      signal,
    }),
    end() {
      ended = true;
    },
  };
}
