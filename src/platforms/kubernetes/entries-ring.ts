/**
 * The newest entries of an environment, as its record in the cluster carries them: so a home that has never seen it knows
 * what happened after one read. What people ask about is kept longest.
 */

import type { EntryDraft } from '../../delivery/index.ts';
import type { Json } from '../../kernel/digest.ts';

/** Of the kinds that come with every look, so many of the newest are kept … */
const KEPT: Readonly<Record<string, number>> = {
  'rollout.looked': 200,
  'effect.intended': 100,
  'effect.done': 100,
  'environment.changed': 50,
};
/** … and of all others together, which tell the history. */
const KEPT_HISTORY = 2000;

/** The entries that are there with those that are new, `at` the given wall time; the oldest of what is too many is dropped. */
export function withEntries(
  ring: readonly EntryDraft[],
  fresh: readonly EntryDraft[],
  at: number,
): readonly EntryDraft[] {
  const known = new Set(ring.map(({ key }) => key));
  const added = fresh.filter(({ key }) => !known.has(key)).map((entry) => ({ at, ...entry }));
  return thinned([...ring, ...added]);
}

function thinned(entries: readonly EntryDraft[]): readonly EntryDraft[] {
  const over = rolloutsThatAreOver(entries);
  const counts = new Map<string, number>();
  const kept: EntryDraft[] = [];
  for (const entry of entries.toReversed()) {
    // What was counted up to the end of a rollout is in the entry that tells of it.
    if (entry.kind === 'rollout.looked' && over.has(rolloutOf(entry.data))) continue;
    const group = entry.kind in KEPT ? entry.kind : 'history';
    const count = (counts.get(group) ?? 0) + 1;
    if (count > (KEPT[group] ?? KEPT_HISTORY)) continue;
    counts.set(group, count);
    kept.push(entry);
  }
  return kept.toReversed();
}

/** But for the last one, which may be guarded: it is still judged. */
function rolloutsThatAreOver(entries: readonly EntryDraft[]): ReadonlySet<string> {
  const ended = entries.filter(({ kind }) => kind === 'rollout.ended').map(({ data }) => rolloutOf(data));
  const last = entries.findLast(({ kind }) => kind === 'rollout.started');
  return new Set(ended.filter((rollout) => rollout !== rolloutOf(last?.data)));
}

function rolloutOf(data: Json | undefined): string {
  if (typeof data !== 'object' || data === null || !('rollout' in data)) return '';
  return typeof data.rollout === 'string' ? data.rollout : '';
}

/** Without the oldest quarter. */
export function shortened(entries: readonly EntryDraft[]): readonly EntryDraft[] {
  return entries.slice(Math.ceil(entries.length / 4));
}
