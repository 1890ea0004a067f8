/** What a stage declares: tasks, what each depends on, and how it is done. The pipeline does the rest. */

import type { Digest, Json } from '../kernel/digest.ts';
import type { Finding } from './finding.ts';

export const STAGES = ['check', 'build', 'test', 'scan', 'package', 'deploy'] as const;
export type StageName = (typeof STAGES)[number];

export interface TaskDefinition {
  /** `check/format`: the stage, a slash, the task. */
  readonly id: string;
  readonly stage: StageName;
  /** For people: `cargo fmt --check`. */
  readonly title: string;
  /** Ids of tasks whose outputs it reads or that must hold first. */
  readonly needs: readonly string[];
  /** Tasks with the same slot run one at a time (`cargo` locks its target folder anyway). */
  readonly slot?: string;
  /** Milliseconds after which it is stopped and has failed. */
  readonly timeout: number;
  readonly fingerprint: FingerprintSpec;
  /** True for what acts on the world or asks it (deploy, an advisory database): runs every time, is never kept. */
  readonly always?: boolean;
  readonly run: (context: TaskContext) => Promise<TaskOutcome>;
}

/** Everything outside of `needs` that can change what the task does. What is not named here it must not read. */
export interface FingerprintSpec {
  /** Files below the project folder, whatever git ignores: content and mode count. */
  readonly files: FileSelection;
  /** Environment variables it reads; it is run with these and nothing else. A variable that is not set counts as such. */
  readonly environment: readonly string[];
  /** The programs it runs, each by something that differs when the program does. */
  readonly tools: readonly ToolIdentity[];
  /** Settings of the project file, and the version of the task's own recipe. */
  readonly settings: Json;
}

export interface FileSelection {
  /** Paths relative to the project folder, `/`-separated: a file, or a folder with all below it. Absent ones count as such. */
  readonly include: readonly string[];
  /** Folder or file names that are left out wherever they are (`target`, `.git`). */
  readonly exclude: readonly string[];
}

export interface ToolIdentity {
  readonly name: string;
  /** A digest or a full version: two different programs never have the same. */
  readonly identity: string;
}

export interface TaskContext {
  /** The project folder. Read only. */
  readonly project: string;
  /** An empty folder of this task's own: what it leaves there is its output, kept in the cache by content. */
  readonly output: string;
  /** Exactly the environment variables that the fingerprint names (those that are set). */
  readonly environment: Readonly<Record<string, string>>;
  /** The result of a task named in `needs`: its output folder (read only) and its value. */
  need(id: string): { readonly output: string; readonly value: Json };
  /** A line or piece for the task's log file and the live display. */
  log(piece: string): void;
  /** How far it is, for the live display: `123/456 crates`. */
  progress(text: string): void;
  readonly signal: AbortSignal;
}

/** Expected outcomes are values; only a bug or a `Fault` is thrown. */
export type TaskOutcome =
  | {
      readonly kind: 'passed';
      /** Small and deterministic: counts, sizes, digests. Cached with the output and given to dependants. */
      readonly value: Json;
      /** One line for the report: `19 passed`. */
      readonly summary: string;
    }
  | {
      readonly kind: 'failed';
      /** What is wrong, in a sentence. */
      readonly summary: string;
      /** The lines a person needs first. */
      readonly details: readonly string[];
      /** What to do about it. */
      readonly hint?: string;
      /** Each thing that is wrong by itself, the first things first. */
      readonly findings?: readonly Finding[];
      /** What is known all the same, in the form of the value of one that passed. */
      readonly value?: Json;
    };

/** Digest of everything a task's result depends on. */
export type Fingerprint = Digest;
