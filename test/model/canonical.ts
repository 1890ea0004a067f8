/**
 * When two states are one: times count from now, numbers that only ever rise are left out, and of the counts only what
 * can be decided from them. Without a plan that asks for `pass`, a judge only tells proven bad from not proven.
 */

import type { EnvironmentState, Rollout } from '../../src/delivery/engine-state.ts';
import { judge } from '../../src/delivery/judge/index.ts';
import type { ModelState } from './model-state.ts';

/** Beyond the longest deadline of the model, how long ago something was makes no difference. */
const LONG_AGO = -1_000_000;

export function canonicalKey({ engine, world, now, witness, left }: ModelState): string {
  const since = (time: number | null): number | null => (time === null ? null : Math.max(LONG_AGO, time - now));
  const ids = new Map<string, number>();
  /** Rollouts by the order in which they are spoken of. */
  const named = (text: string): string =>
    text.replace(/^\S+\/\d+/, (id) => {
      if (!ids.has(id)) ids.set(id, ids.size);
      return `rollout ${ids.get(id)}`;
    });
  const byName = <Value>(record: Readonly<Record<string, Value>>): unknown =>
    Object.entries(record).map(([name, value]) => [named(name), value]);
  return JSON.stringify([
    engineKey(engine, { since, named, byName }),
    world.running,
    world.shares,
    world.regressed,
    byName(world.gates),
    [witness.lastPromoted, witness.open.map(named), witness.approved, witness.passed.map(named), witness.aborted],
    Object.entries(witness.fullUntil).map(([release, until]) => [release, since(until)]),
    left,
  ]);
}

interface Names {
  readonly since: (time: number | null) => number | null;
  readonly named: (text: string) => string;
  readonly byName: (record: Readonly<Record<string, unknown>>) => unknown;
}

function engineKey(engine: EnvironmentState, names: Names): unknown {
  const { spec, stable, kept, rollout, commanded, setbacks, removed, gone, queued, leaving, releases } = engine;
  return [
    spec.replicas,
    stable,
    kept.map(({ release, fullUntil, withdrawn }) => [release, names.since(fullUntil), withdrawn]),
    rollout === null ? null : rolloutKey(rollout, names),
    commanded === null ? null : { ...commanded, at: names.since(commanded.at) },
    Object.keys(setbacks),
    [removed, gone, queued?.release ?? null],
    leaving.map(({ release, until }) => [release, names.since(until)]),
    Object.keys(releases),
  ];
}

/** Every field of a rollout that can change during it is here, or the model would take different states for one. */
function rolloutKey(rollout: Rollout, { since, named, byName }: Names): unknown {
  const { evidence, baseline, requestsAtStep, judge: settings, approvals, gateResults } = rollout;
  const times = ['startedAt', 'stepAt', 'pausedAt', 'inForceAt', 'exposedAt', 'missingSince', 'guardUntil', 'endedAt'];
  const rest = Object.entries(rollout).filter(([name]) => !times.includes(name) && !DERIVED.has(name));
  return [
    named(rollout.id),
    times.map((name) => since(timeOf(rollout, name))),
    [judge(evidence, settings).verdict.kind === 'fail', evidence.totals.candidate.requests > requestsAtStep],
    baseline === null,
    approvals.map(({ by }) => by),
    byName(gateResults),
    rest,
  ];
}

const DERIVED = new Set([
  'id',
  'number',
  'plan',
  'judge',
  'gates',
  'approval',
  'because',
  'lookedAt',
  'evidence',
  'ownEvidence',
  'baseline',
  'requestsAtStep',
  'approvals',
  'gateResults',
]);

function timeOf(rollout: Rollout, name: string): number | null {
  const value: unknown = Object.entries(rollout).find(([key]) => key === name)?.[1];
  return typeof value === 'number' ? value : null;
}
