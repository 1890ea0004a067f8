/** `.gitlab-ci.yml` as far as we write it; keys and words are GitLab's own. Source: docs.gitlab.com/ci/yaml. */

import type { Expression } from './expression.ts';

export interface GitlabDocument {
  readonly workflow: {
    readonly name: string;
    readonly auto_cancel: { readonly on_new_commit: 'interruptible' };
    readonly rules: readonly WorkflowRule[];
  };
  readonly variables: Readonly<Record<string, string | PrefilledVariable>>;
  readonly default: GitlabDefault;
  readonly stages: readonly string[];
  readonly jobs: Readonly<Record<string, GitlabJob>>;
}

/** `when` is left out for "start a pipeline". */
export interface WorkflowRule {
  readonly if: Expression;
  readonly when?: 'never';
  readonly variables?: Readonly<Record<string, string>>;
}

/** What a person finds filled in under "New pipeline". */
export interface PrefilledVariable {
  readonly value: string;
  readonly options?: readonly string[];
  readonly description: string;
}

export interface GitlabDefault {
  readonly image?: string;
  readonly tags?: readonly string[];
  readonly interruptible: boolean;
  readonly retry: { readonly max: 1 | 2; readonly when: readonly RetryReason[] };
  readonly timeout: string;
  readonly before_script?: readonly string[];
}

type RetryReason = 'runner_system_failure' | 'stuck_or_timeout_failure';

export interface GitlabJob {
  /** Written as a comment above the job. */
  readonly title: string;
  readonly stage: string;
  readonly needs: readonly (string | GitlabNeed)[];
  readonly rules: readonly JobRule[];
  readonly tags?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly environment?: { readonly name: string; readonly deployment_tier: string };
  readonly resource_group?: string;
  readonly interruptible?: boolean;
  readonly manual_confirmation?: string;
  readonly id_tokens?: Readonly<Record<string, { readonly aud: string }>>;
  readonly cache?: GitlabCache;
  readonly timeout?: string;
  readonly before_script?: readonly string[];
  readonly script: readonly string[];
  readonly coverage?: string;
  readonly artifacts?: GitlabArtifacts;
  readonly allow_failure?: { readonly exit_codes: readonly number[] };
}

export interface GitlabNeed {
  readonly job: string;
  readonly optional?: boolean;
  readonly artifacts?: boolean;
}

/** A manual rule says nothing of `allow_failure`: it blocks by default, and saying so would switch `exit_codes` off. */
export interface JobRule {
  readonly if: Expression;
  readonly when?: 'manual';
  readonly variables?: Readonly<Record<string, string>>;
}

export interface GitlabCache {
  readonly key: string;
  readonly paths: readonly string[];
  readonly policy: string;
}

export interface GitlabArtifacts {
  readonly when: 'always' | 'on_success';
  readonly expire_in: string;
  readonly access: 'developer';
  readonly paths?: readonly string[];
  readonly reports?: {
    readonly junit?: string;
    readonly coverage_report?: { readonly coverage_format: 'cobertura'; readonly path: string };
    readonly codequality?: string;
  };
}
