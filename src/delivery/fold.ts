/** The journal folded back into what people ask about: status, history, why. The entries are its only source. */

import type { Entry } from '../journal/index.ts';
import type { EnvironmentChanged, RolloutEnded, RolloutLooked, RolloutStarted } from './entries.ts';
import type { Release } from './release.ts';

/** One environment as the journal tells it. */
export interface EnvironmentView {
  readonly key: string;
  readonly releases: Readonly<Record<number, Release>>;
  readonly rollouts: readonly RolloutView[];
  readonly now: (EnvironmentChanged & { readonly at: number }) | null;
  readonly removed: boolean;
}

/** One rollout with everything that was written about it. */
export interface RolloutView {
  readonly started: RolloutStarted;
  /** Wall time in milliseconds. */
  readonly startedAt: number;
  readonly moments: readonly Moment[];
  /** The newest look, and the sums of all looks. */
  readonly lastLook: RolloutLooked | null;
  readonly counted: Counted;
  readonly ended: (RolloutEnded & { readonly wall: number }) | null;
}

export interface Counted {
  readonly candidate: { readonly requests: number; readonly bad: number };
  readonly stable: { readonly requests: number; readonly bad: number };
}

/** A step or pause, for people. */
export interface Moment {
  /** Wall time in milliseconds. */
  readonly at: number;
  readonly what: string;
  readonly because: string;
}

const NOTHING_COUNTED: Counted = { candidate: { requests: 0, bad: 0 }, stable: { requests: 0, bad: 0 } };

/** Delivery entries, in order, to environments by key. Entries of other domains are passed over. */
export function foldEnvironments(entries: readonly Entry[]): ReadonlyMap<string, EnvironmentView> {
  const views = new Map<string, EnvironmentView>();
  for (const entry of entries) {
    const before = views.get(entry.subject) ?? empty(entry.subject);
    const after = foldOne(before, entry);
    if (after !== before) views.set(entry.subject, after);
  }
  return views;
}

function empty(key: string): EnvironmentView {
  return { key, releases: {}, rollouts: [], now: null, removed: false };
}

function foldOne(view: EnvironmentView, entry: Entry): EnvironmentView {
  switch (entry.kind) {
    case 'release.created': {
      const release = dataOf<Release>(entry);
      return { ...view, releases: { ...view.releases, [release.number]: release }, removed: false };
    }
    case 'rollout.started': {
      const rollout: RolloutView = {
        started: dataOf<RolloutStarted>(entry),
        startedAt: entry.at,
        moments: [],
        lastLook: null,
        counted: NOTHING_COUNTED,
        ended: null,
      };
      return { ...view, rollouts: [...view.rollouts, rollout] };
    }
    case 'environment.changed':
      return { ...view, now: { ...dataOf<EnvironmentChanged>(entry), at: entry.at } };
    case 'environment.removed':
      return { ...view, removed: true };
    case 'rollout.stepped':
    case 'rollout.paused':
    case 'rollout.resumed':
    case 'rollout.looked':
    case 'rollout.ended':
      return withRollout(view, entry);
    default:
      return view;
  }
}

function withRollout(view: EnvironmentView, entry: Entry): EnvironmentView {
  const { rollout: id } = dataOf<{ rollout: string }>(entry);
  const index = view.rollouts.findLastIndex(({ started }) => started.rollout === id);
  const rollout = view.rollouts[index];
  if (rollout === undefined) return view;
  return { ...view, rollouts: view.rollouts.with(index, foldRollout(rollout, entry)) };
}

function foldRollout(rollout: RolloutView, entry: Entry): RolloutView {
  const moment = (what: string, because: string): readonly Moment[] => [
    ...rollout.moments,
    { at: entry.at, what, because },
  ];
  switch (entry.kind) {
    case 'rollout.stepped': {
      const { weight, because } = dataOf<{ weight: number; because: string }>(entry);
      return { ...rollout, moments: moment(`step to ${Number((weight * 100).toFixed(2))}%`, because) };
    }
    case 'rollout.paused': {
      const { reason, because } = dataOf<{ reason: string; because: string }>(entry);
      return { ...rollout, moments: moment(`paused (${reason})`, because) };
    }
    case 'rollout.resumed':
      return { ...rollout, moments: moment('goes on', dataOf<{ because: string }>(entry).because) };
    case 'rollout.looked': {
      const look = dataOf<RolloutLooked>(entry);
      return { ...rollout, lastLook: look, counted: sum(rollout.counted, look.counts) };
    }
    default: {
      const ended = dataOf<RolloutEnded>(entry);
      return { ...rollout, ended: { ...ended, wall: entry.at }, moments: moment(ended.outcome, ended.because) };
    }
  }
}

function sum(one: Counted, other: Counted): Counted {
  const add = (a: Counted['stable'], b: Counted['stable']): Counted['stable'] => ({
    requests: a.requests + b.requests,
    bad: a.bad + b.bad,
  });
  return { candidate: add(one.candidate, other.candidate), stable: add(one.stable, other.stable) };
}

/** The journal holds what `entries.ts` wrote, so the kind says the shape. */
function dataOf<Shape>(entry: Entry): Shape {
  return entry.data as Shape;
}
