/** Performs tasks of a stage one by one, as the pipeline would, without its cache. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../src/kernel/digest.ts';
import type { TaskDefinition, TaskOutcome } from '../../src/pipeline/index.ts';

export interface TaskRig {
  perform(task: TaskDefinition): Promise<TaskOutcome & { readonly log: string; readonly output: string }>;
}

/** `folder` is an empty folder of the test's own; a task sees of `environment` what its fingerprint names. */
export function createTaskRig(
  project: string,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): TaskRig {
  const done = new Map<string, { readonly output: string; readonly value: Json }>();
  return {
    async perform(task) {
      const output = join(folder, task.id);
      mkdirSync(output, { recursive: true });
      let log = '';
      const named = task.fingerprint.environment.map((name) => [name, environment[name]] as const);
      const outcome = await task.run({
        project,
        output,
        environment: Object.fromEntries(
          named.filter((entry): entry is readonly [string, string] => entry[1] !== undefined),
        ),
        need(id) {
          const result = done.get(id);
          if (result === undefined || !task.needs.includes(id)) throw new Error(`${task.id} has no result of ${id}`);
          return result;
        },
        log(piece) {
          log += piece;
        },
        progress: () => undefined,
        signal: new AbortController().signal,
      });
      if (outcome.kind === 'passed') done.set(task.id, { output, value: outcome.value });
      return { ...outcome, log, output };
    },
  };
}
