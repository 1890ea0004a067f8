/** A workflow file of GitHub Actions: the part of its schema that we write. Keys are written as they are spelled here. */

export interface Workflow {
  readonly name: string;
  readonly on: WorkflowTriggers;
  /** Nothing, so that each job says what it may do. */
  readonly permissions: Readonly<Record<string, never>>;
  readonly concurrency: Concurrency;
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

export interface WorkflowTriggers {
  readonly push: { readonly branches?: readonly string[]; readonly tags?: readonly string[] };
  readonly pull_request: null;
  readonly merge_group: null;
  readonly workflow_dispatch: { readonly inputs: Readonly<Record<string, WorkflowInput>> };
}

export interface WorkflowInput {
  readonly description: string;
  readonly type: 'choice' | 'string';
  readonly options?: readonly string[];
  readonly default?: string;
  readonly required: boolean;
}

export interface Concurrency {
  readonly group: string;
  readonly 'cancel-in-progress': boolean;
  /** `max`: none of those that wait is dropped. Without it only the newest may wait. */
  readonly queue?: 'max';
}

export type Permission = 'contents' | 'packages' | 'id-token' | 'checks';

export interface WorkflowJob {
  readonly name: string;
  readonly needs?: readonly string[];
  readonly if?: string;
  readonly 'runs-on': string;
  readonly 'timeout-minutes': number;
  readonly permissions: Readonly<Partial<Record<Permission, 'read' | 'write'>>>;
  readonly environment?: string;
  readonly concurrency?: Concurrency;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

export type Step = RunStep | ActionStep;

export interface RunStep {
  readonly name: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly run: string;
}

export interface ActionStep {
  readonly name: string;
  readonly if?: string;
  /** `actions/cache/restore`; the emitter writes the commit behind it, and the version as a comment. */
  readonly uses: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
}
