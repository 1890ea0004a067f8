/** What delivery writes into the journal: one function per kind of entry. The subject is `service/environment`. */

import type { EntryDraft } from '../journal/index.ts';
import type { Digest, Json } from '../kernel/digest.ts';
import type { Effect } from './effect.ts';
import type { JudgeSettings, Strategy } from './environment-spec.ts';
import type { Outcome, PauseReason, Phase, Rollout, Shares } from './engine-state.ts';
import type { GateName, GateVerdict } from './gate.ts';
import type { Counts, Reading } from './judge/index.ts';
import type { Release } from './release.ts';
import { plannedSteps, stepInWords, weightAt } from './steps.ts';

/** An entry before the controller gives it its key. */
export type DeliveryEntry = { readonly kind: DeliveryEntryKind; readonly data: Json };

export const DELIVERY_ENTRY_KINDS = [
  'release.created',
  'rollout.started',
  'rollout.stepped',
  'rollout.paused',
  'rollout.resumed',
  'rollout.gated',
  'rollout.approvalRequested',
  'rollout.approved',
  'rollout.rejected',
  'rollout.queued',
  'rollout.guarded',
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
  readonly strategy: Strategy['kind'];
  /** How it is judged: with the looks, all that is needed to judge it again. */
  readonly judge: JudgeSettings;
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
  /** How much of it people took: approvals, manual pauses, what they had to decide. */
  readonly held: number;
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
  /** Of each metric that gates; above are those that decide. */
  readonly metrics: { readonly errors: MetricValues; readonly slow: MetricValues | null };
  readonly verdict: string;
  /** What a judge step with evidence of its own has counted; absent where there is none. */
  readonly own?: OwnLook;
}

/** e-values. */
export type MetricValues = { readonly abort: number; readonly promote: number; readonly slo: number };

export type OwnLook = Pick<RolloutLooked, 'abort' | 'promote' | 'slo' | 'bars' | 'metrics'> & {
  /** Index of the judge step. */
  readonly step: number;
  readonly counts: Counts;
  readonly verdict: string;
};

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
  /** The release that is rolled out when the present rollout has ended. */
  readonly queued: number | null;
  /** Candidates of ended rollouts that still run. */
  readonly leaving: readonly number[];
  /** After a promotion: the release that it is still compared with, and from when to when (engine time). */
  readonly guard: { readonly control: number; readonly since: number; readonly until: number } | null;
  /** What is wanted and can't be done; absent: nothing, or it was told by a version that did not say so. */
  readonly blocked?: readonly Blocked[];
}

/** Something that has failed again and again. It goes on being tried. */
export interface Blocked {
  /** `run 3 replicas of #2`. */
  readonly what: string;
  /** Engine time of the first failure. */
  readonly since: number;
  readonly message: string;
  /** What to do about it; `null` where nobody knows. */
  readonly hint: string | null;
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
    strategy: rollout.plan.kind,
    judge: rollout.judge,
    at: rollout.startedAt,
  };
  return { kind: 'rollout.started', data: { ...data, judge: { ...data.judge, slo: { ...data.judge.slo } } } };
}

export interface RolloutStepped {
  readonly rollout: string;
  readonly step: number;
  /** Share of the requests that the candidate is to get from here on. */
  readonly weight: number;
  /** What the step does, in a few words: `10%`, `gates: smoke, load`. */
  readonly what: string;
  readonly because: string;
  readonly at: number;
}

/** Of the step that it has just entered. */
export function rolloutStepped(rollout: Rollout): DeliveryEntry {
  const { id, step, because, stepAt } = rollout;
  const steps = plannedSteps(rollout);
  const entered = steps[step];
  const what = entered === undefined ? '' : stepInWords(entered);
  const data: RolloutStepped = { rollout: id, step, weight: weightAt(steps, step), what, because, at: stepAt };
  return { kind: 'rollout.stepped', data: { ...data } };
}

/** How one run of a gate ended. */
export interface RolloutGated {
  readonly rollout: string;
  /** Id of the run. */
  readonly run: string;
  readonly gate: GateName;
  /** `error`: it could not be done, and is tried again. */
  readonly result: GateVerdict['kind'];
  readonly summary: string;
  readonly at: number;
}

export function rolloutGated(gated: RolloutGated): DeliveryEntry {
  return { kind: 'rollout.gated', data: { ...gated } };
}

/** With `supersede: queue`: what is rolled out when the rollout under way has ended. */
export interface RolloutQueued {
  /** The one that it waits for. */
  readonly rollout: string;
  readonly release: number;
  readonly at: number;
}

export function rolloutQueued(queued: RolloutQueued): DeliveryEntry {
  return { kind: 'rollout.queued', data: { ...queued } };
}

/** What came of the guard after a promotion. */
export interface RolloutGuarded {
  readonly rollout: string;
  readonly candidate: number;
  /** `passed`: its time is over · `failed`: the release before is rolled back to · `ended`: something else came. */
  readonly result: 'passed' | 'failed' | 'ended';
  readonly because: string;
  readonly at: number;
}

export function rolloutGuarded(
  { id, candidate }: Rollout,
  { reading, ...ending }: Pick<RolloutGuarded, 'result' | 'because' | 'at'> & { readonly reading: Reading },
): DeliveryEntry {
  const data: RolloutGuarded = { rollout: id, candidate, ...ending };
  return { kind: 'rollout.guarded', data: { ...data, reading: { ...reading } } };
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

/** One look: what it has counted for the rollout's judge, and for a judge step with evidence of its own. */
export interface Look {
  readonly counts: Counts;
  readonly reading: Reading;
  readonly at: number;
  readonly own?: { readonly step: number; readonly counts: Counts; readonly reading: Reading };
}

export function rolloutLooked(rollout: Rollout, { counts, reading, at, own }: Look): DeliveryEntry {
  const data: RolloutLooked = {
    rollout: rollout.id,
    at,
    counts,
    ...valuesOf(reading),
    verdict: reading.verdict.kind,
    ...(own === undefined ? {} : { own: ownLook(own) }),
  };
  return { kind: 'rollout.looked', data: { ...data } };
}

function ownLook({ step, counts, reading }: NonNullable<Look['own']>): OwnLook {
  return { step, counts, ...valuesOf(reading), verdict: reading.verdict.kind };
}

function valuesOf(reading: Reading): Pick<RolloutLooked, 'abort' | 'promote' | 'slo' | 'bars' | 'metrics'> {
  return {
    abort: reading.abort.e,
    promote: reading.promote.e,
    slo: reading.slo.e,
    bars: { abort: reading.abort.bar, promote: reading.promote.bar },
    metrics: metricsOf(reading),
  };
}

function metricsOf({ errors, slow }: Reading): RolloutLooked['metrics'] {
  const values = ({ abort, promote, slo }: Reading['errors']): MetricValues => {
    return { abort: abort.e, promote: promote.e, slo: slo.e };
  };
  return { errors: values(errors), slow: slow === null ? null : values(slow) };
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
    held: rollout.heldFor,
    reading: { ...reading },
  };
  return { kind: 'rollout.ended', data: { ...data } };
}

export function effectIntended(number: number, effect: Effect): DeliveryEntry {
  return { kind: 'effect.intended', data: { number, effect: { ...effect } } };
}

export function effectDone(number: number, result: 'done' | 'superseded' | { readonly failed: string }): DeliveryEntry {
  const told = typeof result === 'string' ? result : { failed: result.failed };
  return { kind: 'effect.done', data: { number, result: told } };
}

export function environmentChanged({ blocked, ...snapshot }: EnvironmentChanged): DeliveryEntry {
  return {
    kind: 'environment.changed',
    data: {
      ...snapshot,
      wait: snapshot.wait === null ? null : { ...snapshot.wait },
      leaving: [...snapshot.leaving],
      guard: snapshot.guard === null ? null : { ...snapshot.guard },
      ...(blocked === undefined ? {} : { blocked: blocked.map((one) => ({ ...one })) }),
    },
  };
}

export function environmentRemoved(): DeliveryEntry {
  return { kind: 'environment.removed', data: {} };
}

/** Of a removed environment nothing is exposed and nothing runs any more. */
export function environmentGone(): DeliveryEntry {
  return { kind: 'environment.gone', data: {} };
}

/**
 * Gives entries their subject and the keys that make writing them twice writing them once: `service/environment#number`,
 * with an origin `service/environment@origin#number`.
 */
export function keyed(
  { key: subject, origin }: { readonly key: string; readonly origin?: string },
  entries: readonly DeliveryEntry[],
  firstNumber: number,
): readonly EntryDraft[] {
  const line = origin === undefined ? subject : `${subject}@${origin}`;
  return entries.map(({ kind, data }, index) => ({ kind, subject, data, key: `${line}#${firstNumber + index}` }));
}

/** The data of an entry of delivery. Only functions of this folder write them, so the kind of an entry says its shape. */
export function dataOf<Shape>({ data }: { readonly data: Json }): Shape {
  return data as Shape;
}
