/** Everything the engine remembers of one environment. Plain JSON: what is saved is what decides. */

import type { Digest } from '../kernel/digest.ts';
import type { EntryDraft } from '../journal/index.ts';
import type { Effect } from './effect.ts';
import type { CanaryPlan, EnvironmentSpec } from './environment-spec.ts';
import type { Evidence } from './judge/index.ts';
import type { Release } from './release.ts';

/** What a `RolloutStore` keeps: the fold of the entries, the open intents, and entries that still have to be written. */
export interface EngineRecord {
  readonly state: EnvironmentState;
  /** Effects that were decided and are not known to be done: repeated after a crash. */
  readonly intents: readonly Intent[];
  /** Entries that are part of this record and may not be in the journal yet; each has a key. */
  readonly outbox: readonly EntryDraft[];
  /** Engine time (milliseconds it has lived, down-time included) and wall time when this was saved. */
  readonly time: { readonly engine: number; readonly wall: number };
}

export interface Intent {
  /** Unique within the environment and rising. */
  readonly number: number;
  readonly effect: Effect;
}

export interface EnvironmentState {
  readonly key: string;
  readonly service: string;
  readonly environment: string;
  readonly spec: EnvironmentSpec;
  readonly releases: Readonly<Record<number, Release>>;
  /** The last promoted release, which serves when no rollout is under way. */
  readonly stable: number | null;
  /** Promoted releases that may be rolled back to, the newest last, without `stable`. */
  readonly kept: readonly KeptRelease[];
  readonly rollout: Rollout | null;
  /** The last split that was commanded. */
  readonly commanded: { readonly shares: Readonly<Record<number, number>>; readonly rollout: string | null };
  readonly lastRelease: number;
  readonly lastRollout: number;
  readonly lastIntent: number;
  readonly lastEntry: number;
  readonly removed: boolean;
}

export interface KeptRelease {
  readonly release: number;
  /** Engine time until which it stays at full size; afterwards one replica stays warm. */
  readonly fullUntil: number;
}

export type Phase = 'healthy' | 'progressing' | 'paused' | 'aborted';

export type PauseReason = 'step' | 'approval' | 'inconclusive' | 'manual' | 'deadline';

export type Outcome = 'promoted' | 'promotedByHand' | 'aborted' | 'superseded' | 'rolledBack';

/** One rollout, under way or ended (`outcome` set). */
export interface Rollout {
  /** `herald/local/3`. */
  readonly id: string;
  readonly number: number;
  readonly candidate: number;
  readonly candidateDigest: Digest;
  /** The release that it moves from; `null` for a first deployment. */
  readonly stable: number | null;
  /** Frozen when it began: a later edit of the project file counts from the next rollout. */
  readonly plan: CanaryPlan;
  readonly replicas: number;
  readonly phase: Phase;
  readonly reason: PauseReason | null;
  /** Index into the plan's steps (the built-in ones when none are written). */
  readonly step: number;
  readonly startedAt: number;
  /** Engine time at which the present step began, and its weight was first seen in force. */
  readonly stepAt: number;
  readonly inForceAt: number | null;
  /** Since when it waits for the world without progress; `null` while it waits for nothing or for a person. */
  readonly waitingSince: number | null;
  /** Engine time of the first weight in force: from here the judge's `within` runs in a plan without steps. */
  readonly exposedAt: number | null;
  readonly evidence: Evidence;
  readonly outcome: Outcome | null;
  readonly endedAt: number | null;
  /** One sentence: why it is where it is. */
  readonly because: string;
}
