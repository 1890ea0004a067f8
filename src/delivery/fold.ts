/** The journal folded back into what people ask about: status, history, why. The entries are its only source. */

import type { Entry, Journal } from '../journal/index.ts';
import type { RolloutApproved } from './approval-entries.ts';
import {
  dataOf,
  DELIVERY_ENTRY_KINDS,
  type EnvironmentChanged,
  type RolloutEnded,
  type RolloutGated,
  type RolloutLooked,
  type RolloutStarted,
} from './entries.ts';
import { type Moment, momentOf } from './moments.ts';
import type { Release } from './release.ts';

/** One environment as the journal tells it. */
export interface EnvironmentView {
  readonly key: string;
  readonly releases: Readonly<Record<number, Release>>;
  readonly rollouts: readonly RolloutView[];
  readonly now: (EnvironmentChanged & { readonly at: number }) | null;
  /** Why the agent of this home could not do its work the last time; `null` when it could. */
  readonly trouble: (Trouble & { readonly at: number }) | null;
  readonly removed: boolean;
}

/** What the agent tells when it can't see or drive an environment (`agent.failed`), and that it can again. */
export interface Trouble {
  readonly message: string;
  /** Of a Fault: what to do about it. */
  readonly hint?: string;
}

/** One rollout with everything that was written about it. */
export interface RolloutView {
  readonly started: RolloutStarted;
  /** Wall time in milliseconds. */
  readonly startedAt: number;
  /** What the wall's time is ahead of the engine's, which stands still while no agent runs; by the newest entry. */
  readonly ahead: number;
  readonly moments: readonly Moment[];
  /** Runs of gates that have ended, and everybody who has said yes, in order. */
  readonly gates: readonly RolloutGated[];
  readonly approvals: readonly RolloutApproved[];
  /** Sequence number of the entry that tells of its start. */
  readonly startedSeq: number;
  /** The newest look while it is under way. */
  readonly lastLook: RolloutLooked | null;
  /**
   * What was counted in all looks; from its end on, all that was decided on (a retry goes on with what was known), and
   * what the guard has counted since.
   */
  readonly counted: Counted;
  /** What was counted for the last judge step with evidence of its own; `null` when there was none. */
  readonly ownCounted: (Counted & { readonly step: number }) | null;
  /** `wall`: wall time in milliseconds; `seq`: sequence number of the entry that tells of its end. */
  readonly ended: (RolloutEnded & { readonly wall: number; readonly seq: number }) | null;
}

export type { Moment };

export interface Counted {
  readonly candidate: { readonly requests: number; readonly bad: number };
  readonly stable: { readonly requests: number; readonly bad: number };
}

/** Entries to views, as they come; each entry costs the same however many there were before. */
export interface EnvironmentFold {
  /** Delivery entries, in order. Entries of other domains are passed over. */
  add(entries: readonly Entry[]): void;
  /** Environments by key, as they are after all that was added. */
  views(): ReadonlyMap<string, EnvironmentView>;
}

export function createEnvironmentFold(): EnvironmentFold {
  const drafts = new Map<string, Draft>();
  return {
    add(entries) {
      for (const entry of entries) {
        const draft = drafts.get(entry.subject) ?? emptyDraft(entry.subject);
        if (addEntry(draft, entry)) drafts.set(entry.subject, draft);
      }
    },
    views: () => new Map([...drafts].map(([key, draft]) => [key, viewOf(draft)])),
  };
}

export function foldEnvironments(entries: readonly Entry[]): ReadonlyMap<string, EnvironmentView> {
  const fold = createEnvironmentFold();
  fold.add(entries);
  return fold.views();
}

/** What is read of each environment; of the many looks only those of a rollout that is under way, or guarded, are wanted. */
const TOLD_KINDS = [
  ...DELIVERY_ENTRY_KINDS.filter((kind) => kind !== 'rollout.looked' && !kind.startsWith('effect.')),
  'agent.failed',
  'agent.recovered',
];

/** The same as folding the whole journal, but for the looks of rollouts that have ended, which are not read. */
export function readEnvironments(journal: Journal): ReadonlyMap<string, EnvironmentView> {
  const fold = createEnvironmentFold();
  const told = journal.read({ kinds: TOLD_KINDS });
  fold.add(told);
  for (const { key, rollouts, now } of fold.views().values()) {
    const last = rollouts.at(-1);
    // A promoted rollout that is guarded is still judged; what was counted up to its end is in that entry.
    if (last === undefined || (last.ended !== null && (now?.guard ?? null) === null)) continue;
    const after = last.ended?.seq ?? last.startedSeq;
    fold.add(journal.read({ subject: key, kinds: ['rollout.looked'], after }));
  }
  return fold.views();
}

/** What keeps the agent from its work, as far as it has told the journal. */
export function openTrouble(journal: Pick<Journal, 'read'>, key: string): Trouble | null {
  const kinds = ['agent.failed', 'agent.recovered'];
  const last = journal.read({ subject: key, kinds, newest: true, limit: 1 })[0];
  return last?.kind === 'agent.failed' ? dataOf<Trouble>(last) : null;
}

type Mutable<Shape> = { -readonly [Key in keyof Shape]: Shape[Key] };
type RolloutDraft = Mutable<Omit<RolloutView, 'moments'>> & { readonly moments: Moment[] };

interface Draft {
  readonly key: string;
  readonly releases: Record<number, Release>;
  readonly rollouts: RolloutDraft[];
  readonly byId: Map<string, RolloutDraft>;
  now: EnvironmentView['now'];
  trouble: EnvironmentView['trouble'];
  removed: boolean;
}

function emptyDraft(key: string): Draft {
  return { key, releases: {}, rollouts: [], byId: new Map(), now: null, trouble: null, removed: false };
}

function viewOf({ key, releases, rollouts, now, trouble, removed }: Draft): EnvironmentView {
  return {
    key,
    releases: { ...releases },
    rollouts: rollouts.map((rollout) => ({ ...rollout, moments: [...rollout.moments] })),
    now,
    trouble,
    removed,
  };
}

/** Returns whether the entry is one of ours. */
function addEntry(draft: Draft, entry: Entry): boolean {
  switch (entry.kind) {
    case 'release.created': {
      const release = dataOf<Release>(entry);
      draft.releases[release.number] = release;
      return true;
    }
    case 'rollout.started':
      startRollout(draft, entry);
      return true;
    case 'environment.changed':
      draft.now = { ...dataOf<EnvironmentChanged>(entry), at: entry.at };
      return true;
    case 'agent.failed':
    case 'agent.recovered':
      draft.trouble = entry.kind === 'agent.failed' ? { ...dataOf<Trouble>(entry), at: entry.at } : null;
      // Of what nobody has told anything yet there is nothing to show.
      return draft.now !== null;
    case 'environment.removed':
      draft.removed = true;
      return true;
    case 'rollout.stepped':
    case 'rollout.paused':
    case 'rollout.resumed':
    case 'rollout.gated':
    case 'rollout.approvalRequested':
    case 'rollout.approved':
    case 'rollout.rejected':
    case 'rollout.queued':
    case 'rollout.guarded':
    case 'rollout.looked':
    case 'rollout.ended': {
      const rollout = draft.byId.get(dataOf<{ rollout: string }>(entry).rollout);
      if (rollout !== undefined) addToRollout(rollout, entry);
      return rollout !== undefined;
    }
    default:
      return false;
  }
}

/** Whoever deploys to a removed environment makes it anew. */
function startRollout(draft: Draft, entry: Entry): void {
  const started = dataOf<RolloutStarted>(entry);
  const { at: startedAt, seq: startedSeq } = entry;
  const rollout: RolloutDraft = {
    started,
    startedAt,
    ahead: startedAt - started.at,
    startedSeq,
    moments: [],
    gates: [],
    approvals: [],
    lastLook: null,
    counted: NOTHING_COUNTED,
    ownCounted: null,
    ended: null,
  };
  draft.removed = false;
  draft.rollouts.push(rollout);
  draft.byId.set(started.rollout, rollout);
}

function addToRollout(rollout: RolloutDraft, entry: Entry): void {
  const { at = null } = dataOf<{ readonly at?: number }>(entry);
  if (at !== null) rollout.ahead = entry.at - at;
  switch (entry.kind) {
    case 'rollout.looked': {
      const look = dataOf<RolloutLooked>(entry);
      rollout.lastLook = look;
      rollout.counted = sum(rollout.counted, look.counts);
      if (look.own !== undefined) {
        const { step, counts } = look.own;
        const before = rollout.ownCounted?.step === step ? rollout.ownCounted : NOTHING_COUNTED;
        rollout.ownCounted = { step, ...sum(before, counts) };
      }
      return;
    }
    case 'rollout.ended': {
      const ended = dataOf<RolloutEnded & { readonly reading: { readonly totals: Counted } }>(entry);
      rollout.ended = { ...ended, wall: entry.at, seq: entry.seq };
      rollout.counted = ended.reading.totals;
      break;
    }
    case 'rollout.gated':
      rollout.gates = [...rollout.gates, dataOf<RolloutGated>(entry)];
      break;
    case 'rollout.approved':
      rollout.approvals = [...rollout.approvals, dataOf<RolloutApproved>(entry)];
  }
  const moment = momentOf(entry);
  if (moment !== null) rollout.moments.push({ at: entry.at, ...moment });
}

const NOTHING_COUNTED: Counted = { candidate: { requests: 0, bad: 0 }, stable: { requests: 0, bad: 0 } };

function sum(one: Counted, other: Counted): Counted {
  const add = (a: Counted['stable'], b: Counted['stable']): Counted['stable'] => ({
    requests: a.requests + b.requests,
    bad: a.bad + b.bad,
  });
  return { candidate: add(one.candidate, other.candidate), stable: add(one.stable, other.stable) };
}
