/** Everything the engine remembers of one environment. Plain JSON: what is saved is what decides. */

import type { EntryDraft } from '../journal/index.ts';
import type { Effect, RouteEffect } from './effect.ts';
import type { EnvironmentChanged } from './entries.ts';
import type { ApprovalPlan, EnvironmentSpec, GatesPlan, JudgeSettings, Strategy } from './environment-spec.ts';
import type { GateName } from './gate.ts';
import type { CounterBaseline, Evidence } from './judge/index.ts';
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
  /**
   * Part of the keys of its entries, where several homes may have entries of another environment of this name; absent: it
   * is this home's.
   */
  readonly origin?: string;
  readonly spec: EnvironmentSpec;
  readonly releases: Readonly<Record<number, Release>>;
  /** The last promoted release, which serves when no rollout is under way. */
  readonly stable: number | null;
  /** Promoted releases that may be rolled back to, the newest last, without `stable`. */
  readonly kept: readonly KeptRelease[];
  readonly rollout: Rollout | null;
  /** With `supersede: queue`: what is rolled out next; the newest wins. */
  readonly queued: QueuedRelease | null;
  /** Candidates of ended rollouts that still run, the oldest first. */
  readonly leaving: readonly LeavingRelease[];
  /**
   * The last route that was commanded, when (engine time), and how often in a row because it was not seen in force;
   * `null` before the first, and when it is not known to have arrived.
   */
  readonly commanded: Commanded | null;
  /** Effects that failed the last time they were tried, by what they are about (`slotOf`). */
  readonly setbacks: Readonly<Record<string, Setback>>;
  /** What was last told to the journal, so that only changes are. */
  readonly told: EnvironmentChanged | null;
  readonly lastRelease: number;
  readonly lastRollout: number;
  readonly lastIntent: number;
  readonly lastEntry: number;
  readonly removed: boolean;
  /** It was removed, nothing of it runs any more, and that has been told: the record may go. */
  readonly gone: boolean;
}

/** An effect that could not be applied, how often in a row, and when last (engine time). */
export interface Setback {
  readonly effect: Effect;
  readonly count: number;
  readonly at: number;
  /** Engine time of the first of these failures; absent in records of a version that did not keep it. */
  readonly since?: number;
  readonly message: string;
  /** Of a Fault: what to do about it. */
  readonly hint?: string;
}

export interface Commanded {
  readonly shares: Shares;
  /** Absent: none, as in the effect. */
  readonly match?: RouteEffect['match'];
  readonly mirror?: RouteEffect['mirror'];
  readonly at: number;
  readonly repeats?: number;
}

/** Release number → share of the requests. */
export type Shares = Readonly<Record<number, number>>;

export interface KeptRelease {
  readonly release: number;
  /** Engine time until which it stays at full size; afterwards one replica stays warm. */
  readonly fullUntil: number;
  /** It was rolled back from, or aborted when deployed again: kept, but never the default target of a rollback. */
  readonly withdrawn: boolean;
}

/** One yes. Bound to the release by being part of its rollout. */
export interface Approval {
  readonly by: string;
  readonly groups: readonly string[];
  /** Whether somebody has checked that it was them: not on one machine. */
  readonly authenticated: boolean;
  /** It was the gate of a CI system, which vouches for whom it has asked. */
  readonly gate?: true;
  /** Engine time. */
  readonly at: number;
}

/** A release that was deployed while another rollout was under way, and waits for its end. */
export interface QueuedRelease {
  readonly release: number;
  readonly spec: EnvironmentSpec;
}

export interface GateResult {
  readonly gate: GateName;
  readonly passed: boolean;
  readonly summary: string;
}

/** A gate that could not be done: how often so far, and when (engine time) and why the last time. */
export interface GateError {
  readonly count: number;
  readonly at: number;
  readonly summary: string;
}

/** What a judge step with settings of its own, or for requests that are not the users', has counted. */
export interface OwnEvidence {
  /** Index of that step. */
  readonly step: number;
  readonly evidence: Evidence;
  /** Counters as last seen for it; `null` before its first look. */
  readonly baseline: CounterBaseline | null;
}

/** A candidate that is no more: it stays a while, or carries requests until stable can take them over. */
export interface LeavingRelease {
  readonly release: number;
  /** Engine time until which it runs even though nothing needs it (`keepAborted`). */
  readonly until: number;
  /** Its plan has made the stable release smaller: it carries what that can't take over yet. */
  readonly carries?: boolean;
}

export type Phase = 'healthy' | 'progressing' | 'paused' | 'aborted';

export type PauseReason = 'step' | 'approval' | 'inconclusive' | 'manual' | 'deadline';

export type Outcome = 'promoted' | 'promotedByHand' | 'aborted' | 'superseded' | 'rolledBack';

/** One rollout, under way (`outcome` null) or ended. */
export interface Rollout {
  /** `herald/local/3`. */
  readonly id: string;
  readonly number: number;
  /** `deploy` goes by the plan; `rollback` moves all traffic at once to a kept release, unjudged. */
  readonly kind: 'deploy' | 'rollback';
  readonly candidate: number;
  /** The release that it moves from; `null` for a first deployment. */
  readonly stable: number | null;
  /** Frozen when it began: a later edit of the project file counts from the next rollout. */
  readonly plan: Strategy;
  /** How it is judged, gated and approved; frozen with the plan. */
  readonly judge: JudgeSettings;
  readonly gates: GatesPlan;
  readonly approval: ApprovalPlan;
  /** Who has said yes to this release so far, in order. */
  readonly approvals: readonly Approval[];
  /** Gates that have ended, by the id of their run. */
  readonly gateResults: Readonly<Record<string, GateResult>>;
  /** Gates that could not be done, as long as they have not passed: they are tried again. */
  readonly gateErrors: Readonly<Partial<Record<GateName, GateError>>>;
  /** After a promotion: engine time until which it is still judged, and rolled back when it proves bad; else `null`. */
  readonly guardUntil: number | null;
  readonly phase: Phase;
  readonly reason: PauseReason | null;
  /** Index into the plan's steps (the built-in ones when none are written). */
  readonly step: number;
  readonly startedAt: number;
  /** Engine time at which the present step began. */
  readonly stepAt: number;
  /** Since when it has waited for a person (engine time; `null` while it does not), and how long before that. */
  readonly heldSince: number | null;
  readonly heldFor: number;
  /** During the guard: since when no replica of the promoted release is ready (engine time); `null` while one is. */
  readonly unreadySince: number | null;
  /** Engine time since which a person's pause stops the clocks of this rollout; `null` without one. */
  readonly pausedAt: number | null;
  /** Engine time at which the weight of the present step was first seen in force; `null` before. */
  readonly inForceAt: number | null;
  /** Engine time at which the preview was ready; `null` before, and where the plan has none. */
  readonly previewAt: number | null;
  /** The most candidate replicas that were ready in a `roll` step, and since when (engine time): its deadline runs from there. */
  readonly rolled: { readonly ready: number; readonly at: number } | null;
  /** Engine time of the first weight in force: from here `within` runs in a plan without written steps. */
  readonly exposedAt: number | null;
  /**
   * The highest weight that was in force, and how many replicas it then needed: so many go on carrying it when the
   * environment is made larger, instead of losing it until the new ones are ready.
   */
  readonly carried: { readonly weight: number; readonly replicas: number } | null;
  /** Since when metrics that are needed to go on are missing; `null` while they are there or not needed. */
  readonly missingSince: number | null;
  /** Candidate requests that the judge had counted when the weight of the present step came into force. */
  readonly requestsAtStep: number;
  /** Whether the judge may end it: not in a rollback, nor after `promoteFully`. */
  readonly judged: boolean;
  /** A person has decided what the judge could not: `promoteFully`, or `promote` of an inconclusive comparison. */
  readonly byHand: boolean;
  readonly evidence: Evidence;
  /** What the present or a coming judge step goes by instead of `evidence`; `null` where none does. */
  readonly ownEvidence: OwnEvidence | null;
  /** Engine time of the last look that was written down; `null` before the first. */
  readonly lookedAt: number | null;
  /** Counters as last seen, from which the next look's differences are taken; `null` before the first. */
  readonly baseline: CounterBaseline | null;
  readonly outcome: Outcome | null;
  readonly endedAt: number | null;
  /** One sentence: why it is where it is. */
  readonly because: string;
}
