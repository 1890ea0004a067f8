/**
 * What tasks have produced, by content. A result counts only when its record and every file it names are whole; a
 * record is written after its files. So a crash or a concurrent writer leaves a repeated task at worst, never half of one.
 *
 *   objects/ab/cdef…           a file (`.x` appended when executable), or the text of a fingerprint's ingredients
 *   verified/ab/cdef…          evidence that a large object is untouched since it was read
 *   results/<fingerprint>      what a task that passed has produced
 *   last/<project>/<task>      the fingerprint with which it ran last, for the report's "why"
 *   index/<project>            digests of the project's files by what the file system says about them
 *   trees/<digest>/            an output as a folder, when somebody asked for it
 *   work/, incoming/           what is being made
 */

import { realpathSync, statSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { digestOfJson, hexOf, sha256 } from '../kernel/digest.ts';
import { type KeptResult, type LastRun, readLastRun, readResult, writeLastRun, writeResult } from './cache-records.ts';
import type { Ingredients } from './fingerprint.ts';
import { createObjectStore } from './object-store.ts';
import { keepTree, openTree } from './output-tree.ts';
import { pruneCache, type Pruned } from './prune.ts';
import { openStatIndex, type StatIndex } from './stat-index.ts';
import type { Fingerprint } from './task.ts';

export type Found =
  | { readonly kind: 'hit'; readonly result: KeptResult }
  | { readonly kind: 'miss' }
  /** There is a record, but it or a file it names is gone or changed: treated as a miss. */
  | { readonly kind: 'damaged'; readonly what: string };

export interface Cache {
  /** Absolute. */
  readonly folder: string;
  find(fingerprint: Fingerprint): Found;
  /** Takes the files of `output` and says what they are; nothing is found by it before `record`. */
  take(output: string, result: Omit<KeptResult, 'tree' | 'content'>): KeptResult;
  record(fingerprint: Fingerprint, result: KeptResult): void;
  /** The output of a result as a folder, read only; it stays for at least an hour. */
  open(result: KeptResult): string;
  /** `project` is the project folder in all of these. */
  indexOf(project: string): StatIndex;
  lastRun(project: string, task: string): LastRun | undefined;
  /** Notes how a task ended, and `ingredients`, the text whose sha256 is the fingerprint. */
  noteRun(project: string, task: string, run: LastRun & { readonly ingredients: string }): void;
  ingredientsOf(fingerprint: Fingerprint): Ingredients | undefined;
  /** Removes the results that were used least recently until the rest takes no more than `maxBytes` (see prune.ts). */
  prune(maxBytes: number): Pruned;
}

/** A result that is found is marked as used (by its record's modification time) at most this often. */
const MARK_EVERY = 3_600_000;

export function createCache({ folder: given, clock }: { folder: string; clock: Clock }): Cache {
  const folder = resolve(given);
  const store = createObjectStore({ folder, clock });
  const recordPath = (fingerprint: Fingerprint): string => join(folder, 'results', hexOf(fingerprint));
  const projectName = (project: string): string => hexOf(sha256(realpathSync(project))).slice(0, 24);
  const lastPath = (project: string, task: string): string =>
    join(folder, 'last', projectName(project), task.replaceAll('/', '@'));

  return {
    folder,
    find(fingerprint) {
      const result = readResult(recordPath(fingerprint));
      if (result === 'missing') return { kind: 'miss' };
      if (result === 'damaged') return { kind: 'damaged', what: 'its record was changed' };
      for (const entry of result.tree) {
        const state = entry.kind === 'file' ? store.verify(entry) : 'sound';
        if (state === 'damaged') return { kind: 'damaged', what: `${entry.path} was changed` };
        if (state === 'missing') return { kind: 'damaged', what: `${entry.path} is gone` };
      }
      markUsed(recordPath(fingerprint), clock.wall());
      return { kind: 'hit', result };
    },
    take(output, result) {
      const tree = keepTree(output, store);
      return { ...result, tree, content: digestOfJson({ value: result.value, tree }) };
    },
    record(fingerprint, result) {
      writeResult(recordPath(fingerprint), result);
    },
    open: (result) => openTree(result.tree, { store, trees: join(folder, 'trees'), clock }),
    indexOf: (project) => openStatIndex(join(folder, 'index', projectName(project))),
    lastRun: (project, task) => readLastRun(lastPath(project, task)),
    noteRun(project, task, { fingerprint, outcome, ingredients }) {
      store.putText(ingredients);
      writeLastRun(lastPath(project, task), { fingerprint, outcome });
    },
    ingredientsOf(fingerprint) {
      const text = store.readText(fingerprint);
      return text === undefined ? undefined : (JSON.parse(text) as Ingredients);
    },
    prune: (maxBytes) => pruneCache({ folder, clock, maxBytes }),
  };
}

function markUsed(path: string, now: number): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && now - stats.mtimeMs > MARK_EVERY) utimesSync(path, now / 1000, now / 1000);
}
