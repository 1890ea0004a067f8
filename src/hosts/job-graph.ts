/**
 * What a CI system has to do for a project, in words that every one of them knows. `plan-jobs.ts` makes it from the
 * project file; the hosts only write it down.
 */

import type { StageName } from '../pipeline/index.ts';

export interface JobGraph {
  readonly service: string;
  /** In an order in which each comes after those that it needs. */
  readonly jobs: readonly Job[];
  /** Which pushes start a pipeline at all; pull requests, merge queues and people always do. */
  readonly pushes: { readonly branches: readonly string[] | 'all'; readonly tags: readonly string[] };
  /** Branches whose runs may leave something for later runs: nobody gets there unseen. */
  readonly protectedBranches: readonly string[];
  readonly setup: JobSetup;
}

export interface Job {
  /** `check`, `build`, `test`, `scan`, `package`, `publish`, `deploy-staging`, `rollback-production`. */
  readonly id: string;
  readonly title: string;
  readonly kind: 'stage' | 'deploy' | 'rollback';
  readonly stage: StageName | null;
  /** Must have succeeded; on an event where one of them does not run, this one does not either. */
  readonly needs: readonly string[];
  /** Must have succeeded on events where they run, and are no hindrance where they do not. */
  readonly needsWhereRun: readonly string[];
  readonly when: Predicate;
  /** Arguments of `slipway`. None of them is text that a stranger can choose. */
  readonly command: readonly string[];
  /** What a person may say when asking for the job; `null`: nothing. */
  readonly input: JobInput | null;
  readonly environment: JobEnvironment | null;
  /** What the job must be allowed beyond reading the sources. */
  readonly permissions: readonly ('write-packages' | 'identity' | 'write-checks')[];
  /** Environment variables that hold secrets of the host; only this job sees them. */
  readonly secrets: readonly string[];
  /** Host of the registry that it pushes to, whose login only this job gets; `null`: it pushes nothing. */
  readonly registry: string | null;
  /** Whether it hands the results of its tasks on to the jobs that need it. */
  readonly handsOn: boolean;
  /** `restore`: reads what earlier runs have kept; `save`: writes it too, and only on pushes to protected branches. */
  readonly cache: 'none' | 'restore' | 'restore-and-save';
  readonly timeout: { readonly minutes: number };
  /** Jobs of one group run one after another, none is dropped; `null`: a newer run of the ref cancels this one. */
  readonly exclusive: string | null;
  /** Prints the line `coverage: NN.NN%`. */
  readonly printsCoverage: boolean;
  /** Files for the host's own views, relative to the project. */
  readonly reports: JobReports;
}

export interface JobEnvironment {
  readonly name: string;
  /** `development` for previews. */
  readonly tier: 'production' | 'staging' | 'development' | 'other';
  /** Events on which a person must say yes before the job begins; `none`: on no event. */
  readonly approval: Predicate | 'none';
  /** Deployments live on the runner itself: what the job starts goes on when it has ended. */
  readonly staysOnRunner: boolean;
}

/** Text from a person, which reaches the command as the value of an option, through an environment variable. */
export interface JobInput {
  /** Name of the environment variable; empty: the option is not given. */
  readonly variable: string;
  /** `--to` */
  readonly option: string;
  readonly title: string;
}

export interface JobReports {
  readonly junit: string | null;
  readonly coverage: string | null;
  readonly codeQuality: string | null;
  readonly sarif: string | null;
}

/** Any of the ways. A manual job runs only when a person asks for it by name. */
export interface Predicate {
  readonly ways: readonly EventWay[];
}

/** `*` in a pattern stands for any text, slashes too, as in the project file. */
export type EventWay =
  | { readonly event: 'push'; readonly ref: 'branch' | 'tag' | 'any'; readonly pattern: string }
  | { readonly event: 'pullRequest' }
  | { readonly event: 'mergeQueue' }
  /** A person started the pipeline and asked for this job; `run`: for everything but deployments. */
  | { readonly event: 'manual'; readonly job: string };

/** On which machines: the label, the tags, the label. */
export interface Runners {
  readonly github: string;
  readonly gitlab: readonly string[];
  /** `null`: on any. */
  readonly jenkins: string | null;
}

/** How a job comes to its machine and its tools. */
export interface JobSetup {
  /** Command lines that bring `slipway` and the toolchain; empty: they are there. */
  readonly install: readonly string[];
  /** Of these, what a job needs that builds nothing. */
  readonly installSlipway: readonly string[];
  readonly runsOn: Runners;
  /** For jobs that deploy or roll back; a host without an entry has them where the others run. */
  readonly deployOn: Partial<Runners>;
  /** GitLab: the image of a job. `null`: that of the runner. */
  readonly gitlabImage: string | null;
}
