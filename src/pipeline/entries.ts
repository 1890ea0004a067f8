/** What the pipeline writes into the journal: entries from events. The subject is `run/<id>`. */

import type { EntryDraft } from '../journal/index.ts';
import type { Json } from '../kernel/digest.ts';
import type { PipelineEvent, TaskResult } from './events.ts';
import { describeReasons } from './reason.ts';

export type PipelineEntryKind = 'run.started' | 'task.started' | 'task.finished' | 'run.finished';

/** The subject of all entries of a run. */
export function runSubject(run: string): string {
  return `run/${run}`;
}

/** Output and progress are in the log files, not in the journal. Writing an event twice is writing it once. */
export function entriesOf(event: PipelineEvent): readonly EntryDraft[] {
  switch (event.kind) {
    case 'run.started':
      return [draft(event, '', { tasks: event.tasks.map((task) => ({ ...task, needs: [...task.needs] })) })];
    case 'task.started':
      return [draft(event, event.task, { task: event.task, why: describeReasons(event.why), log: event.log })];
    case 'task.finished':
      return [draft(event, event.result.task, taskFinished(event.result))];
    case 'run.finished':
      return [draft(event, '', { outcome: event.outcome, duration: event.duration, counts: { ...event.counts } })];
    case 'task.output':
    case 'task.progress':
      return [];
  }
}

function draft(event: PipelineEvent & { kind: PipelineEntryKind }, about: string, data: Json): EntryDraft {
  const subject = runSubject(event.run);
  return { kind: event.kind, subject, data, key: `${subject}#${event.kind}#${about}` };
}

function taskFinished(result: TaskResult): Json {
  const { kind: outcome, task, stage, title, duration } = result;
  const common = { outcome, task, stage, title, duration };
  switch (result.kind) {
    case 'ran': {
      const { why, summary, content, log, notKept } = result;
      return { ...common, why: describeReasons(why), summary, content, log, notKept };
    }
    case 'cached': {
      const { summary, content, ranAt, ranFor } = result;
      return { ...common, summary, content, ranAt, ranFor };
    }
    case 'failed': {
      const { why, cause, code, summary, details, hint, log } = result;
      return { ...common, why: describeReasons(why), cause, code, summary, details: [...details], hint, log };
    }
    case 'skipped':
      return { ...common, because: result.because };
    case 'cancelled':
      return { ...common, because: result.because, log: result.log };
  }
}
