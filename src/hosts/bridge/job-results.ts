/** What a job has done, for whatever tells of it when it is over: reports in files, the host's summary. */

import { canonicalJson, type Json, sha256 } from '../../kernel/digest.ts';
import {
  type Finding,
  readTestSuites,
  type RunOutcome,
  type TaskResult,
  type TestSuite,
} from '../../pipeline/index.ts';
import type { Revision } from '../../project/index.ts';

export interface JobResults {
  readonly service: string;
  readonly revision: Pick<Revision, 'kind' | 'name' | 'short'>;
  /** `null`: all of the pipeline. */
  readonly stage: string | null;
  /** Of Slipway. */
  readonly version: string;
  readonly outcome: RunOutcome;
  /** Milliseconds. */
  readonly duration: number;
  readonly tasks: readonly TaskResult[];
  /** By task: the value of those that have one, be it from the cache. */
  readonly values: ReadonlyMap<string, Json>;
  /** From the repository's folder to the project's: `` or `services/herald/`. */
  readonly prefix: string;
}

/** Takes away what must not be shown. */
export type Redact = (text: string) => string;

/** Every finding once (a mistake is found by more than one task), its place relative to the repository. */
export function findingsOf({ tasks, prefix }: Pick<JobResults, 'tasks' | 'prefix'>): readonly Finding[] {
  const found = tasks.flatMap((task) => (task.kind === 'failed' ? task.findings : []));
  const byContent = new Map(
    found.map((finding) => [canonicalJson({ ...finding, place: { ...finding.place } }), finding]),
  );
  return [...byContent.values()].map((finding) => placedFrom(prefix, finding));
}

export function placedFrom(prefix: string, finding: Finding): Finding {
  const { place } = finding;
  return place === null ? finding : { ...finding, place: { ...place, file: `${prefix}${place.file}` } };
}

/** Of the code itself: failed tests have a report of their own. */
export function codeFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ rule }) => rule !== 'test');
}

/**
 * One name for a finding that stays the same when lines above it come and go. Equal ones in one file are counted, so no
 * two of a list have the same.
 */
export function fingerprintsOf(findings: readonly Finding[]): readonly string[] {
  const seen = new Map<string, number>();
  return findings.map(({ rule, message, place }) => {
    const content = canonicalJson([rule, message, place?.file ?? null]);
    const count = seen.get(content) ?? 0;
    seen.set(content, count + 1);
    return sha256(`${content}#${count}`).slice('sha256:'.length);
  });
}

export interface TaskSuites {
  readonly task: string;
  readonly suites: readonly TestSuite[];
}

/** Of the tasks that run tests, in the order of the run; none when no such task was part of it. */
export function suitesOf({ tasks, values }: Pick<JobResults, 'tasks' | 'values'>): readonly TaskSuites[] {
  return tasks.flatMap(({ task }) => {
    const value = values.get(task);
    return isTesting(value) ? [{ task, suites: readTestSuites(value) }] : [];
  });
}

function isTesting(value: Json | undefined): value is { readonly suites: Json } {
  return typeof value === 'object' && value !== null && 'suites' in value;
}
