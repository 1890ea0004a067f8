/**
 * Results from one job to the next, on other machines and in other folders: what a run has made or used goes into one
 * archive, and whoever takes it finds the results in its own cache. A result is found only under its fingerprint, so what
 * does not fit the next job is simply made there, and the report can say what differs.
 */

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { type Digest, hexOf } from '../kernel/digest.ts';
import { messageOf, systemCodeOf } from '../kernel/fault.ts';
import { randomIdentifier } from '../kernel/random.ts';
import { namesIn, readIfThere } from '../kernel/workspace.ts';
import type { Cache } from './cache.ts';
import { readForeignResult } from './foreign-result.ts';
import { type ArchiveFile, readArchive, writeArchive } from './handover-archive.ts';
import { createObjectStore, objectName, type ObjectStore } from './object-store.ts';
import { type Fingerprint, STAGES } from './task.ts';

export interface HandoverPlace {
  /** Where archives are handed over: `*.tar`. It need not exist. */
  readonly folder: string;
  readonly cache: Cache;
  readonly clock: Clock;
}

export interface TakenArchive {
  /** Its name in the folder. */
  readonly archive: string;
  /** Ids of the tasks whose results are in the cache now, sorted. */
  readonly tasks: readonly string[];
  /** What was not taken and why, each a sentence without its end: nothing is lost but time. */
  readonly problems: readonly string[];
}

/**
 * Takes what is in the archives of the folder into the cache, in the order of the stages that they are named after. Every
 * content is digested again; a record is taken only when all that it names has arrived whole, and when its task is of the
 * archive's stage or an earlier one: what runs in a stage must not make the results of a later one. `project` is the
 * folder for which the results' ingredients are noted, so that a task which runs all the same can say what differs.
 */
export function takeHandover(place: HandoverPlace & { readonly project: string }): readonly TakenArchive[] {
  return (
    namesIn(place.folder)
      .filter((name) => name.endsWith('.tar') && !name.startsWith('.'))
      // What is there first is kept: so each stage's own word comes before what later ones say that it was.
      .sort((one, other) => rankOf(one) - rankOf(other) || (one < other ? -1 : 1))
      .map((archive) => takeArchive(archive, place))
  );
}

/** Which stage an archive is of, or a task; -1: of none. */
function rankOf(name: string): number {
  const [stage] = name.split(/\/|\.tar$/);
  return STAGES.findIndex((known) => known === stage);
}

function takeArchive(archive: string, place: HandoverPlace & { readonly project: string }): TakenArchive {
  const { folder, cache, clock } = place;
  const last = rankOf(archive);
  if (last < 0) return { archive, tasks: [], problems: ['no stage has this name'] };
  const store = createObjectStore({ folder: resolve(cache.folder), clock });
  const incoming = join(cache.folder, 'incoming');
  mkdirSync(incoming, { recursive: true });
  const tasks = new Set<string>();
  const problems: string[] = [];
  const taken = (hex: string, text: string): void => {
    const outcome = takeResult(`sha256:${hex}`, { text, store, last, ...place });
    if ('task' in outcome) tasks.add(outcome.task);
    else problems.push(outcome.problem);
  };
  try {
    const wrong = readArchive(join(folder, archive), {
      target({ hex, size, executable }) {
        const there = store.verify({ digest: `sha256:${hex}`, size, executable }) === 'sound';
        return there ? undefined : join(incoming, `${process.pid}-${randomIdentifier(12)}`);
      },
      // Under the name that its content has, whatever the archive says: then nobody finds a wrong one.
      object: (_, path) => void store.put(path),
      result: taken,
    });
    if (wrong !== null) problems.push(wrong);
  } catch (error) {
    // Without a code of the system it is a mistake of ours.
    if (systemCodeOf(error) === undefined) throw error;
    problems.push(messageOf(error));
  }
  return { archive, tasks: [...tasks].sort(), problems };
}

interface ForeignRecord {
  readonly text: string;
  readonly store: ObjectStore;
  readonly cache: Cache;
  readonly project: string;
  /** Rank of the last stage of which results are taken. */
  readonly last: number;
}

function takeResult(
  fingerprint: Fingerprint,
  { text, store, cache, project, last }: ForeignRecord,
): { readonly task: string } | { readonly problem: string } {
  const result = readForeignResult(text);
  if (result === undefined) return { problem: `the record ${hexOf(fingerprint).slice(0, 12)} is damaged` };
  const { task } = result;
  const ingredients = store.readText(fingerprint);
  // The text whose digest is the fingerprint names the task: so no result can be passed off as another task's.
  if (ingredients === undefined || taskIn(ingredients) !== task) {
    return { problem: `what the result of ${task} was made of is missing` };
  }
  const rank = rankOf(task);
  if (rank < 0 || rank > last) return { problem: `${task} is of no stage whose results this archive may hold` };
  for (const entry of result.tree) {
    if (entry.kind !== 'file' || store.verify(entry) === 'sound') continue;
    return { problem: `${entry.path} of ${task} has not arrived whole` };
  }
  // What is there already is as good, and may be in use.
  if (cache.find(fingerprint).kind !== 'hit') cache.record(fingerprint, result);
  if (cache.lastRun(project, task) === undefined) {
    cache.noteRun(project, task, { fingerprint, outcome: 'passed', ingredients });
  }
  return { task };
}

function taskIn(ingredients: string): unknown {
  try {
    const value: unknown = JSON.parse(ingredients);
    return typeof value === 'object' && value !== null && 'task' in value ? value.task : undefined;
  } catch {
    return undefined;
  }
}

export interface GivenArchive {
  /** Absolute. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly results: number;
}

/**
 * Writes `<name>.tar` with the results under these fingerprints (those that are still there), what they were made of and
 * all their files. The same results give the same bytes.
 */
export function giveHandover(
  { folder, cache, clock }: HandoverPlace,
  { name, fingerprints }: { readonly name: string; readonly fingerprints: readonly Fingerprint[] },
): GivenArchive {
  const store = createObjectStore({ folder: resolve(cache.folder), clock });
  const objects = new Map<string, ArchiveFile>();
  const records = new Map<string, ArchiveFile>();
  for (const fingerprint of fingerprints) {
    const found = cache.find(fingerprint);
    const ingredients = store.readText(fingerprint);
    const record = readIfThere(join(cache.folder, 'results', hexOf(fingerprint)));
    if (found.kind !== 'hit' || ingredients === undefined || record === undefined) continue;
    objects.set(...objectFile(fingerprint, ingredients));
    for (const entry of found.result.tree) {
      if (entry.kind !== 'file') continue;
      const name = `objects/${objectName(entry)}`;
      objects.set(name, { name, content: { path: store.pathOf(entry), size: entry.size } });
    }
    const name = `results/${hexOf(fingerprint)}`;
    records.set(name, { name, content: record });
  }
  const path = join(resolve(folder), `${name}.tar`);
  // Records last: whoever reads one has had the chance to take all that it names.
  const size = writeArchive(path, [...byName(objects), ...byName(records)]);
  return { path, size, results: records.size };
}

function objectFile(digest: Digest, content: string): [string, ArchiveFile] {
  const name = `objects/${objectName({ digest, executable: false })}`;
  return [name, { name, content }];
}

function byName(files: ReadonlyMap<string, ArchiveFile>): readonly ArchiveFile[] {
  return [...files.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}
