/**
 * What tasks have produced, by content. A result counts only when its record and every file it names are whole; a
 * record is written after its files. So a crash or a concurrent writer leaves a repeated task at worst, never half of one.
 *
 *   objects/ab/cdef…           a file, or the text of a fingerprint's ingredients
 *   verified/ab/cdef…          evidence that a large object is untouched since it was read
 *   results/<fingerprint>      what a task that passed has produced
 *   last/<project>/<task>      the fingerprint with which it ran last, for the report's "why"
 *   index/<project>            digests of the project's files by what the file system says about them
 *   trees/<digest>/            an output as a folder, when somebody asked for it
 *   work/, incoming/           what is being made
 */

import { realpathSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { type Digest, digestOfJson, hexOf, isDigest, type Json, sha256 } from '../kernel/digest.ts';
import type { Ingredients } from './fingerprint.ts';
import { createObjectStore } from './object-store.ts';
import { keepTree, openTree, type OutputTree } from './output-tree.ts';
import { readSealed, writeSealed } from './sealed-file.ts';
import { openStatIndex, type StatIndex } from './stat-index.ts';
import type { Fingerprint } from './task.ts';

/** What a task that passed has produced. */
export interface KeptResult {
  readonly task: string;
  readonly value: Json;
  readonly summary: string;
  readonly tree: OutputTree;
  /** Digest of value and tree: what dependants' fingerprints hold. */
  readonly content: Digest;
  /** Wall time of its end. */
  readonly ranAt: number;
  /** Milliseconds it took. */
  readonly duration: number;
}

export type Found =
  | { readonly kind: 'hit'; readonly result: KeptResult }
  | { readonly kind: 'miss' }
  /** There is a record, but it or a file it names is gone or changed: treated as a miss. */
  | { readonly kind: 'damaged'; readonly what: string };

/** How a task ended the last time it ran in a project. */
export interface LastRun {
  readonly fingerprint: Fingerprint;
  readonly outcome: 'passed' | 'failed' | 'disturbed';
}

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
}

/** A result that is found is marked as used (by its record's modification time) at most this often. */
const MARK_EVERY = 3_600_000;

export function createCache({ folder: given, clock }: { folder: string; clock: Clock }): Cache {
  const folder = resolve(given);
  const store = createObjectStore({ folder, clock });
  const recordPath = (fingerprint: Fingerprint): string => join(folder, 'results', hexOf(fingerprint));
  const projectName = (project: string): string => hexOf(sha256(realpathSync(project))).slice(0, 24);
  const lastPath = (project: string, task: string): string =>
    join(folder, 'last', projectName(project), `${task.replaceAll('/', '@')}.json`);

  return {
    folder,
    find(fingerprint) {
      const sealed = readSealed(recordPath(fingerprint));
      if (sealed === 'missing') return { kind: 'miss' };
      const result = sealed === 'damaged' ? undefined : parsedResult(sealed.content);
      if (result === undefined) {
        rmSync(recordPath(fingerprint), { force: true });
        return { kind: 'damaged', what: 'its record was changed' };
      }
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
      writeSealed(recordPath(fingerprint), JSON.stringify(result));
    },
    open: (result) => openTree(result.tree, { store, trees: join(folder, 'trees'), clock }),
    indexOf: (project) => openStatIndex(join(folder, 'index', projectName(project))),
    lastRun(project, task) {
      const sealed = readSealed(lastPath(project, task));
      return typeof sealed === 'string' ? undefined : parsedLastRun(sealed.content);
    },
    noteRun(project, task, { fingerprint, outcome, ingredients }) {
      store.putText(ingredients);
      writeSealed(lastPath(project, task), JSON.stringify({ fingerprint, outcome }));
    },
    ingredientsOf(fingerprint) {
      const text = store.readText(fingerprint);
      return text === undefined ? undefined : (JSON.parse(text) as Ingredients);
    },
  };
}

function markUsed(path: string, now: number): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && now - stats.mtimeMs > MARK_EVERY) utimesSync(path, now / 1000, now / 1000);
}

/** Sealed, so it is what we wrote; the check is against what an older version wrote. */
function parsedResult(content: string): KeptResult | undefined {
  const result: unknown = JSON.parse(content);
  return isObject(result) && Array.isArray(result['tree']) && typeof result['content'] === 'string'
    ? (result as unknown as KeptResult)
    : undefined;
}

function parsedLastRun(content: string): LastRun | undefined {
  const last: unknown = JSON.parse(content);
  if (!isObject(last) || typeof last['fingerprint'] !== 'string' || !isDigest(last['fingerprint'])) return undefined;
  const { fingerprint, outcome } = last;
  return outcome === 'passed' || outcome === 'failed' || outcome === 'disturbed' ? { fingerprint, outcome } : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
