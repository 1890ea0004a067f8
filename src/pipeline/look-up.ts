/** Whether a task's result is there already, and if not, why it has to run. Used by the plan and by the run alike. */

import type { Digest } from '../kernel/digest.ts';
import type { Cache, Found } from './cache.ts';
import type { KeptResult } from './cache-records.ts';
import { fingerprintOf, ingredientsOf, type Ingredients } from './fingerprint.ts';
import type { ProjectFiles } from './project-files.ts';
import { differences, type Reason } from './reason.ts';
import type { Fingerprint, TaskDefinition } from './task.ts';

export type LookUp =
  | { readonly kind: 'present'; readonly result: KeptResult; readonly fingerprint: Fingerprint }
  | MissingResult;

export interface MissingResult {
  readonly kind: 'missing';
  /** At least one reason. */
  readonly why: readonly Reason[];
  readonly fingerprint: Fingerprint;
  /** The text of the ingredients: its sha256 is the fingerprint. */
  readonly ingredients: string;
}

export interface LookUpSources {
  readonly cache: Cache;
  readonly project: string;
  readonly files: ProjectFiles;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `needs`: the content digest of each needed task's result. */
export function lookUp(task: TaskDefinition, needs: Readonly<Record<string, Digest>>, sources: LookUpSources): LookUp {
  const { cache, project, environment } = sources;
  const files = sources.files.statesOf(task.fingerprint.files);
  const ingredients = ingredientsOf({ task, files, environment, needs });
  const { fingerprint, text } = fingerprintOf(ingredients);
  const missing = (why: readonly Reason[]): LookUp => ({ kind: 'missing', why, fingerprint, ingredients: text });
  if (task.always === true) return missing([{ kind: 'always' }]);
  const found = cache.find(fingerprint);
  if (found.kind !== 'hit') return missing(reasons({ task, found, fingerprint, ingredients, cache, project }));
  const last = cache.lastRun(project, task.id);
  if (last?.fingerprint !== fingerprint || last.outcome !== 'passed') {
    cache.noteRun(project, task.id, { fingerprint, outcome: 'passed', ingredients: text });
  }
  return { kind: 'present', result: found.result, fingerprint };
}

interface NotFound {
  readonly task: TaskDefinition;
  readonly found: Exclude<Found, { kind: 'hit' }>;
  readonly fingerprint: Fingerprint;
  readonly ingredients: Ingredients;
  readonly cache: Cache;
  readonly project: string;
}

function reasons({ task, found, fingerprint, ingredients, cache, project }: NotFound): readonly Reason[] {
  if (found.kind === 'damaged') return [{ kind: 'damaged', what: found.what }];
  const last = cache.lastRun(project, task.id);
  if (last === undefined) return [{ kind: 'first-run' }];
  if (last.fingerprint === fingerprint) return [{ kind: SAME_AGAIN[last.outcome] }];
  const before = cache.ingredientsOf(last.fingerprint);
  const changes = before === undefined ? [] : differences(before, ingredients);
  return changes.length === 0 ? [{ kind: 'unknown' }] : changes;
}

const SAME_AGAIN = { passed: 'evicted', failed: 'failed-before', disturbed: 'disturbed-before' } as const;
