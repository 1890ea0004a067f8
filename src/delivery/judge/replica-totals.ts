/** What each replica of the candidate has answered: for the receipt, not for a test. */

import type { Sample } from './counts.ts';

/** Replica → requests and errors. */
export type ReplicaTotals = Readonly<Record<string, readonly [requests: number, bad: number]>>;

/** The evidence is bounded, replicas that come and go are not: those that come later count as one. */
const MOST_REPLICAS = 16;
const OTHERS = 'others';

export function addReplicas(totals: ReplicaTotals, counts: ReplicaTotals): ReplicaTotals {
  const next: Record<string, readonly [number, number]> = { ...totals };
  for (const [replica, [requests, bad]] of Object.entries(counts)) {
    const name = replica in next || Object.keys(next).length < MOST_REPLICAS ? replica : OTHERS;
    const [before, badBefore] = next[name] ?? [0, 0];
    next[name] = [before + requests, badBefore + bad];
  }
  return next;
}

/** The one replica that nearly all errors come from although others answer most of the requests; `null` when there is none. */
export function culprit(totals: ReplicaTotals): (Sample & { readonly replica: string }) | null {
  const all = Object.entries(totals).map(([replica, [requests, bad]]) => ({ replica, requests, bad }));
  const sum = (key: 'requests' | 'bad'): number => all.reduce((total, one) => total + one[key], 0);
  const worst = all.toSorted((one, other) => other.bad - one.bad)[0];
  if (worst === undefined || worst.replica === OTHERS || worst.bad < 3) return null;
  return worst.bad >= 0.8 * sum('bad') && worst.requests <= 0.6 * sum('requests') ? worst : null;
}
