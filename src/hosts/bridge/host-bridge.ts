/**
 * One CI system as `slipway` speaks to it from inside of a job. The pipeline runs the same everywhere; what differs is how
 * a log is folded, where a finding is shown, how a value is hidden and where results are left.
 */

import type { Finding } from '../../pipeline/index.ts';

export interface HostBridge {
  readonly name: 'GitHub' | 'GitLab' | 'Jenkins';
  /** Whether its log shows colours. */
  readonly colour: boolean;
  /** The folder of the repository: it shows places relative to it. `null`: not said. */
  readonly root: string | null;
  /** The job for people: `run 123`. */
  readonly job: string;
  /** A line of the log in the host's own language, everything in it escaped; `null` when it has no word for that. */
  say(word: HostWord): string | null;
  /** Foreign text, made such that the host reads no command in it. Colours stay. */
  quote(text: string): string;
  /** Leaves results where the host looks for them. @throws a system's error when it can't be written. */
  publish(results: HostResults): void;
  /** Who has let this job into an environment, as the host tells: for the record of an approval. */
  gateOf(environment: string): string;
}

export type HostWord =
  /** What comes up to `close` may be folded. `at` is wall time. */
  | { readonly kind: 'open'; readonly section: string; readonly title: string; readonly at: number }
  | { readonly kind: 'close'; readonly section: string; readonly at: number }
  /** A place in it is relative to `root`. */
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'notice' | 'warning' | 'error'; readonly title: string; readonly message: string }
  | { readonly kind: 'mask'; readonly value: string };

export interface HostResults {
  /** Markdown, to be added to what is there. */
  readonly summary: string;
  /** Values for later steps; names are `[a-z][a-z0-9_-]*`. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A job's environment variables. */
export type JobVariables = Readonly<Record<string, string | undefined>>;
