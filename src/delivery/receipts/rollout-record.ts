/** Everything that the journal has about one rollout. */

import type { Entry, Journal } from '../../journal/index.ts';
import type { RolloutApproved, RolloutRejected } from '../approval-entries.ts';
import {
  dataOf,
  DELIVERY_ENTRY_KINDS,
  type RolloutEnded,
  type RolloutGated,
  type RolloutGuarded,
  type RolloutLooked,
  type RolloutStarted,
} from '../entries.ts';
import type { Reading } from '../judge/index.ts';
import { type Moment, momentOf } from '../moments.ts';

export interface RolloutRecord {
  readonly started: RolloutStarted;
  /** Wall time in milliseconds. */
  readonly startedAt: number;
  readonly moments: readonly Moment[];
  readonly looks: readonly RolloutLooked[];
  readonly gates: readonly RolloutGated[];
  readonly approvals: readonly RolloutApproved[];
  readonly rejected: RolloutRejected | null;
  readonly guard: (RolloutGuarded & { readonly reading: Reading }) | null;
  /** `wall`: wall time in milliseconds. */
  readonly ended: (Omit<RolloutEnded, 'reading'> & { readonly reading: Reading; readonly wall: number }) | null;
}

const KINDS = DELIVERY_ENTRY_KINDS.filter((kind) => kind.startsWith('rollout.'));

/** All rollouts of an environment, the oldest first; with `number` that one alone. */
export function readRecords(journal: Journal, key: string, number?: number): readonly RolloutRecord[] {
  const entries = journal.read({ subject: key, kinds: KINDS }).filter((entry) => entry.subject === key);
  const byRollout = Map.groupBy(entries, (entry) => dataOf<{ readonly rollout: string }>(entry).rollout);
  return [...byRollout.values()]
    .flatMap((own) => recordOf(own) ?? [])
    .filter(({ started }) => number === undefined || started.number === number);
}

function recordOf(entries: readonly Entry[]): RolloutRecord | null {
  const of = <Data>(kind: string): readonly Data[] =>
    entries.filter((entry) => entry.kind === kind).map((entry) => dataOf<Data>(entry));
  const first = entries.find(({ kind }) => kind === 'rollout.started');
  if (first === undefined) return null;
  const last = entries.find(({ kind }) => kind === 'rollout.ended');
  return {
    started: dataOf<RolloutStarted>(first),
    startedAt: first.at,
    moments: entries.flatMap((entry) => {
      const moment = momentOf(entry);
      return moment === null ? [] : [{ at: entry.at, ...moment }];
    }),
    looks: of<RolloutLooked>('rollout.looked'),
    gates: of<RolloutGated>('rollout.gated'),
    approvals: of<RolloutApproved>('rollout.approved'),
    rejected: of<RolloutRejected>('rollout.rejected')[0] ?? null,
    guard: of<RolloutGuarded & { readonly reading: Reading }>('rollout.guarded')[0] ?? null,
    ended: last === undefined ? null : { ...dataOf<RolloutEnded & { readonly reading: Reading }>(last), wall: last.at },
  };
}
