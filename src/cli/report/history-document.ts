/**
 * What `slipway history --json` prints: one document with everything that is known of the rollouts of an environment.
 * Its shape is a contract (docs/guide/delivery.md): members are added, none is renamed or taken away in one version.
 */

import { type Crossing, crossingsOf, type RolloutRecord } from '../../delivery/index.ts';

export const HISTORY_VERSION = 1;

/** All durations and all `at` are milliseconds; an `at` counts from the beginning of its rollout. */
export interface HistoryDocument {
  readonly version: typeof HISTORY_VERSION;
  /** `service/environment`. */
  readonly environment: string;
  /** The newest first. */
  readonly rollouts: readonly HistoryRollout[];
}

export interface HistoryRollout {
  readonly rollout: string;
  readonly number: number;
  readonly kind: 'deploy' | 'rollback';
  readonly strategy: string;
  readonly candidate: number;
  readonly stable: number | null;
  readonly image: string;
  readonly commit: string | null;
  /** ISO 8601, UTC; `null` while it is under way. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** `promoted | promotedByHand | aborted | superseded | rolledBack`; `null` while it is under way. */
  readonly outcome: string | null;
  readonly because: string | null;
  /** `total` = `progress` + `held`: the time in which people were waited for. `null` while it is under way. */
  readonly duration: { readonly total: number; readonly progress: number; readonly held: number } | null;
  readonly moments: readonly { readonly at: number; readonly what: string; readonly because: string }[];
  readonly gates: readonly {
    readonly gate: string;
    readonly result: string;
    readonly summary: string;
    readonly at: number;
  }[];
  readonly approvals: readonly {
    readonly by: string;
    readonly groups: readonly string[];
    readonly authenticated: boolean;
    /** The release that was approved. */
    readonly digest: string;
    readonly at: number;
  }[];
  readonly rejected: { readonly by: string; readonly because: string | null; readonly authenticated: boolean } | null;
  readonly guard: { readonly result: string; readonly because: string; readonly at: number } | null;
  /** How it was judged, the judge's last words, and when each bar was first reached. */
  readonly receipt: {
    readonly judge: RolloutRecord['started']['judge'];
    /** `null` while it is under way. */
    readonly reading: NonNullable<RolloutRecord['ended']>['reading'] | null;
    readonly crossings: readonly Crossing[];
  };
  /** What each look has counted since the one before: `slipway backtest` takes it. */
  readonly looks: readonly { readonly at: number; readonly counts: RolloutRecord['looks'][number]['counts'] }[];
}

/** `records` in the order in which they began. */
export function historyDocument(environment: string, records: readonly RolloutRecord[]): HistoryDocument {
  return { version: HISTORY_VERSION, environment, rollouts: records.toReversed().map(historyRollout) };
}

function historyRollout(record: RolloutRecord): HistoryRollout {
  const { started, startedAt, ended, guard, rejected } = record;
  const { rollout, number, kind, strategy, candidate, stable, image, commit, judge, at: began } = started;
  return {
    rollout,
    number,
    kind,
    strategy,
    candidate,
    stable,
    image,
    commit,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: ended === null ? null : new Date(ended.wall).toISOString(),
    outcome: ended?.outcome ?? null,
    because: ended?.because ?? null,
    duration:
      ended === null ? null : { total: ended.duration, progress: ended.duration - ended.held, held: ended.held },
    moments: record.moments.map(({ at, what, because }) => ({ at: at - startedAt, what, because })),
    gates: record.gates.map(({ gate, result, summary, at }) => ({ gate, result, summary, at: at - began })),
    approvals: record.approvals.map(({ by, groups, authenticated, digest, at }) => ({
      by,
      groups,
      authenticated,
      digest,
      at: at - began,
    })),
    rejected:
      rejected === null ? null : { by: rejected.by, because: rejected.because, authenticated: rejected.authenticated },
    guard: guard === null ? null : { result: guard.result, because: guard.because, at: guard.at - began },
    receipt: { judge, reading: ended?.reading ?? null, crossings: crossingsOf(record.looks, { judge, began }) },
    looks: record.looks.map(({ at, counts }) => ({ at: at - began, counts })),
  };
}
