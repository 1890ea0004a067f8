/** Why a pipeline can't be planned, run or opened, as a closed list. */

import { Fault } from '../kernel/fault.ts';

export type PipelineFaultCode =
  /** Two tasks have one id. */
  | 'pipeline/duplicate-task'
  /** A task needs, or the user selects, a task that does not exist. */
  | 'pipeline/unknown-task'
  /** Tasks need each other in a circle. */
  | 'pipeline/cycle'
  /** A task whose id, stage or file selection breaks the contract of task.ts. */
  | 'pipeline/malformed-task'
  /** An input file exists but can't be read. */
  | 'pipeline/unreadable-input'
  /** A task left something in its output folder that can't be kept by content. */
  | 'pipeline/output-refused'
  /** A kept output was changed or removed between being looked up and being opened. */
  | 'pipeline/output-damaged'
  /** The output of a task is asked for that did not pass in this run. */
  | 'pipeline/no-output';

export interface PipelineFaultFields {
  readonly code: PipelineFaultCode;
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}

export function pipelineFault(fields: PipelineFaultFields): Fault<PipelineFaultCode> {
  return new Fault({ kind: 'refused', ...fields });
}
