/** What happens in a run, as it happens: for the live report, and (by entries.ts) for the journal. */

import type { Digest, Json } from '../kernel/digest.ts';
import type { Finding } from './finding.ts';
import type { Reason } from './reason.ts';
import type { StageName } from './task.ts';

export type PipelineEvent = RunStarted | TaskStarted | TaskOutput | TaskProgress | TaskFinished | RunFinished;

/** An event without what all events of a run share. */
export type EventDraft = Draft<PipelineEvent>;
type Draft<Event> = Event extends PipelineEvent ? Omit<Event, 'run' | 'at'> : never;

interface EventBase {
  /** Id of the run. */
  readonly run: string;
  /** Wall time. */
  readonly at: number;
}

interface RunStarted extends EventBase {
  readonly kind: 'run.started';
  readonly tasks: readonly {
    readonly id: string;
    readonly stage: StageName;
    readonly title: string;
    readonly needs: readonly string[];
  }[];
}

/** A task begins to run. A cached, skipped or cancelled one is only finished. */
interface TaskStarted extends EventBase {
  readonly kind: 'task.started';
  readonly task: string;
  readonly why: readonly Reason[];
  /** Absolute path of its log file. */
  readonly log: string;
}

interface TaskOutput extends EventBase {
  readonly kind: 'task.output';
  readonly task: string;
  readonly piece: string;
}

interface TaskProgress extends EventBase {
  readonly kind: 'task.progress';
  readonly task: string;
  readonly text: string;
}

interface TaskFinished extends EventBase {
  readonly kind: 'task.finished';
  readonly result: TaskResult;
}

interface RunFinished extends EventBase {
  readonly kind: 'run.finished';
  readonly outcome: RunOutcome;
  /** Milliseconds. */
  readonly duration: number;
  readonly counts: Readonly<Record<TaskResult['kind'], number>>;
}

export type RunOutcome = 'passed' | 'failed' | 'cancelled';

export type TaskResult = TaskRan | TaskCached | TaskFailed | TaskSkipped | TaskCancelled;

/** A result without what is known of every task. */
export type BareResult = Bare<TaskResult>;
type Bare<Result> = Result extends TaskResult ? Omit<Result, keyof ResultBase> : never;

interface ResultBase {
  readonly task: string;
  readonly stage: StageName;
  readonly title: string;
  /** Milliseconds in this run. */
  readonly duration: number;
}

/** It ran and passed. */
interface TaskRan extends ResultBase {
  readonly kind: 'ran';
  readonly why: readonly Reason[];
  readonly summary: string;
  /** Digest of its value and output. */
  readonly content: Digest;
  readonly log: string;
  /** Why the result can't be used another time, `null` when it can: `src/x.rs changed while it ran`. */
  readonly notKept: string | null;
}

/** It did not run: its result was there. */
interface TaskCached extends ResultBase {
  readonly kind: 'cached';
  readonly summary: string;
  readonly content: Digest;
  /** Wall time at which the run that made the result ended, and the milliseconds it took. */
  readonly ranAt: number;
  readonly ranFor: number;
}

export interface TaskFailed extends ResultBase {
  readonly kind: 'failed';
  readonly why: readonly Reason[];
  /** It said no, it took longer than it may, it met a `Fault` (whose code follows), or it has a bug. */
  readonly cause: 'outcome' | 'timeout' | 'fault' | 'bug';
  readonly code: string | null;
  readonly summary: string;
  readonly details: readonly string[];
  readonly hint: string | null;
  readonly findings: readonly Finding[];
  /** What it found out all the same. */
  readonly value: Json;
  /** `null` when it could not even be looked up. */
  readonly log: string | null;
}

/** A task that it needs did not pass. */
interface TaskSkipped extends ResultBase {
  readonly kind: 'skipped';
  readonly because: string;
}

/** The run was stopped before this task had ended. */
interface TaskCancelled extends ResultBase {
  readonly kind: 'cancelled';
  readonly because: string;
  /** `null` when it had not started. */
  readonly log: string | null;
}
