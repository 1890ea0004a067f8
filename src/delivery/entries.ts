/** What delivery writes into the journal: one function per kind of entry. The subject is `service/environment`. */

import type { EntryDraft } from '../journal/index.ts';
import type { Digest, Json } from '../kernel/digest.ts';
import type { Effect } from './effect.ts';
import type { Outcome, PauseReason, Phase, Rollout, Shares } from './engine-state.ts';
import type { Counts, Reading } from './judge/index.ts';
import type { Release } from './release.ts';

/** An entry before the controller gives it its key. */
export type DeliveryEntry = { readonly kind: DeliveryEntryKind; readonly data: Json };

export const DELIVERY_ENTRY_KINDS = [
  'release.created',
  'rollout.started',
  'rollout.stepped',
  'rollout.paused',
  'rollout.resumed',
  'rollout.looked',
  'rollout.ended',
  'effect.intended',
  'effect.done',
  'environment.changed',
  'environment.removed',
  'environment.gone',
] as const;

export type DeliveryEntryKind = (typeof DELIVERY_ENTRY_KINDS)[number];

export interface RolloutStarted {
  readonly rollout: string;
  readonly number: number;
  readonly kind: Rollout['kind'];
  readonly candidate: number;
  readonly image: Digest;
  readonly commit: string | null;
  readonly stable: number | null;
  readonly at: number;
}

export interface RolloutEnded {
  readonly rollout: string;
  readonly number: number;
  readonly outcome: Outcome;
  readonly because: string;
  readonly candidate: number;
  readonly stable: number | null;
  readonly at: number;
  readonly duration: number;
  readonly reading: Json;
}

export interface RolloutLooked {
  readonly rollout: string;
  /** Engine time. */
  readonly at: number;
  /** The raw differences of this look: from them every e-value can be computed again. */
  readonly counts: Counts;
  readonly abort: number;
  readonly promote: number;
  readonly slo: number;
  /** What the e-values must reach: `abort` 1/α of the metric, `promote` 1/β (for `promote` and `slo`). */
  readonly bars: { readonly abort: number; readonly promote: number };
  readonly verdict: string;
}

export interface EnvironmentChanged {
  readonly phase: Phase;
  readonly reason: PauseReason | null;
  readonly step: number | null;
  readonly steps: number | null;
  readonly because: string;
  readonly stable: number | null;
  readonly candidate: number | null;
  readonly shares: Shares;
  readonly ready: Readonly<Record<number, number>>;
  readonly wanted: Readonly<Record<number, number>>;
  readonly outcome: Outcome | null;
  readonly wait: Wait | null;
}

/** Every wait explains itself (design.md section 4.8). Times are engine time. */
export interface Wait {
  readonly for: string;
  readonly since: number;
  /** `null`: until a person decides. */
  readonly until: number | null;
  /** The one command that ends it. */
  readonly command: string | null;
}

export function releaseCreated(release: Release): DeliveryEntry {
  const { number, digest, content, revision } = release;
  return {
    kind: 'release.created',
    data: { number, digest, content: { ...content, grants: [...content.grants] }, revision },
  };
}

export function rolloutStarted(rollout: Rollout, release: Release): DeliveryEntry {
  const data: RolloutStarted = {
    rollout: rollout.id,
    number: rollout.number,
    kind: rollout.kind,
    candidate: rollout.candidate,
    image: release.content.image,
    commit: release.revision?.commit ?? null,
    stable: rollout.stable,
    at: rollout.startedAt,
  };
  return { kind: 'rollout.started', data: { ...data } };
}

export function rolloutStepped(rollout: Rollout, weight: number): DeliveryEntry {
  const { id, step, because, stepAt } = rollout;
  return { kind: 'rollout.stepped', data: { rollout: id, step, weight, because, at: stepAt } };
}

export function rolloutPaused(rollout: Rollout, at: number): DeliveryEntry {
  return {
    kind: 'rollout.paused',
    data: { rollout: rollout.id, reason: rollout.reason, because: rollout.because, at },
  };
}

export function rolloutResumed(rollout: Rollout, at: number): DeliveryEntry {
  return { kind: 'rollout.resumed', data: { rollout: rollout.id, because: rollout.because, at } };
}

export function rolloutLooked(rollout: Rollout, look: { counts: Counts; reading: Reading; at: number }): DeliveryEntry {
  const { counts, reading, at } = look;
  const data: RolloutLooked = {
    rollout: rollout.id,
    at,
    counts,
    abort: reading.abort.e,
    promote: reading.promote.e,
    slo: reading.slo.e,
    bars: { abort: reading.abort.bar, promote: reading.promote.bar },
    verdict: reading.verdict.kind,
  };
  return { kind: 'rollout.looked', data: { ...data, counts: { ...counts } } };
}

export function rolloutEnded(rollout: Rollout, outcome: Outcome, reading: Reading): DeliveryEntry {
  const at = rollout.endedAt ?? rollout.startedAt;
  const data: RolloutEnded = {
    rollout: rollout.id,
    number: rollout.number,
    outcome,
    because: rollout.because,
    candidate: rollout.candidate,
    stable: rollout.stable,
    at,
    duration: at - rollout.startedAt,
    reading: { ...reading },
  };
  return { kind: 'rollout.ended', data: { ...data } };
}

export function effectIntended(number: number, effect: Effect): DeliveryEntry {
  return { kind: 'effect.intended', data: { number, effect: { ...effect } } };
}

export function effectDone(number: number, result: 'done' | 'superseded' | { readonly failed: string }): DeliveryEntry {
  return { kind: 'effect.done', data: { number, result } };
}

export function environmentChanged(snapshot: EnvironmentChanged): DeliveryEntry {
  return {
    kind: 'environment.changed',
    data: { ...snapshot, wait: snapshot.wait === null ? null : { ...snapshot.wait } },
  };
}

export function environmentRemoved(): DeliveryEntry {
  return { kind: 'environment.removed', data: {} };
}

/** Of a removed environment nothing is exposed and nothing runs any more. */
export function environmentGone(): DeliveryEntry {
  return { kind: 'environment.gone', data: {} };
}

/** Gives entries their subject and the keys that make writing them twice writing them once. */
export function keyed(subject: string, entries: readonly DeliveryEntry[], firstNumber: number): readonly EntryDraft[] {
  return entries.map(({ kind, data }, index) => ({ kind, subject, data, key: `${subject}#${firstNumber + index}` }));
}

/** The data of an entry of delivery. Only the functions above write them, so the kind of an entry says its shape. */
export function dataOf<Shape>({ data }: { readonly data: Json }): Shape {
  return data as Shape;
}
