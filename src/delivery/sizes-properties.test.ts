/**
 * Sizes and shares in a small world of single replicas that start late and are lost at any time: whatever is deployed,
 * aborted and scaled when, no bound is broken at any instant, and in the end everything is where it should be.
 */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentOf } from '../../test/rigs/engine-rig.ts';
import { type Command, obey } from './command.ts';
import { decide } from './decide.ts';
import type { Effect } from './effect.ts';
import type { EnvironmentState } from './engine-state.ts';
import type { CanaryPlan, Count, EnvironmentSpec, RollingPlan, Strategy } from './environment-spec.ts';
import type { Observation } from './observation.ts';
import { carriers } from './rehearsal/invariants/split-invariants.ts';
import { PLAN, SPEC } from './rehearsal/sample-spec.ts';
import { releaseDigest } from './release.ts';
import { rollBounds } from './sizes.ts';
import { replicasFor } from './steps.ts';
import { activeRollout, emptyState } from './turn.ts';

interface Replica {
  /** Second in which it gets ready (again). */
  dueAt: number;
}

/** Who runs, the split in force, and how long the next replicas take to start. */
class World {
  readonly crew = new Map<number, Replica[]>();
  shares: Readonly<Record<number, number>> = {};
  second = 0;
  private started = 0;
  private readonly startsIn: readonly number[];

  constructor(startsIn: readonly number[]) {
    this.startsIn = startsIn;
  }

  readyOf(release: number): number {
    return (this.crew.get(release) ?? []).filter(({ dueAt }) => dueAt <= this.second).length;
  }

  scale(release: number, count: number): void {
    const replicas = [...(this.crew.get(release) ?? [])].sort((one, other) => one.dueAt - other.dueAt).slice(0, count);
    while (replicas.length < count) {
      replicas.push({ dueAt: this.second + (this.startsIn[this.started % this.startsIn.length] ?? 0) });
      this.started += 1;
    }
    if (count === 0) this.crew.delete(release);
    else this.crew.set(release, replicas);
  }

  /** One replica ends by itself, and another is started in its place. */
  lose(release: number, downFor: number): void {
    const victim = (this.crew.get(release) ?? []).find(({ dueAt }) => dueAt <= this.second);
    if (victim !== undefined) victim.dueAt = this.second + downFor;
  }

  observe(): Observation {
    const status = (release: number, desired: number): Observation['releases'][number] => {
      return { desired, ready: this.readyOf(release), restarts: 0, failure: null, inFlight: 0 };
    };
    const releases = Object.fromEntries([...this.crew].map(([name, { length }]) => [name, status(name, length)]));
    return { releases, traffic: this.shares, counters: null, gates: {} };
  }

  apply(effect: Effect): void {
    if (effect.kind === 'scale') this.scale(effect.release, effect.replicas);
    if (effect.kind === 'route') this.shares = effect.shares;
  }
}

/** What is wrong with an effect, by what was so before and after it; `null` when nothing is. */
type Check = (effect: Effect, state: EnvironmentState, seen: Seen) => string | null;

interface Seen {
  readonly before: Observation;
  readonly after: Observation;
  readonly now: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const readyIn = ({ releases }: Observation): number => sum(Object.values(releases).map(({ ready }) => ready));

const sharesAreWhole: Check = (effect, state, { before }) => {
  if (effect.kind !== 'route') return null;
  const shares = Object.entries(effect.shares);
  const total = sum(shares.map(([, share]) => share));
  if (shares.length > 0 && Math.abs(total - 1) > 1e-9) return `the split sums to ${total}`;
  if (shares.some(([, share]) => share <= 0)) return `the split is ${JSON.stringify(effect.shares)}`;
  if (shares.length === 0 && state.stable !== null && rolling(state)?.most !== 1) return 'nothing is exposed';
  // What has been withdrawn is not given more because others are down, so stable may get what nobody can carry.
  const withdrawn = state.leaving.some(({ release }) => release in effect.shares);
  const others = shares.some(([name]) => (before.releases[Number(name)]?.ready ?? 0) > 0);
  const idle = shares.find(([name]) => (before.releases[Number(name)]?.ready ?? 0) === 0);
  return idle !== undefined && others && !withdrawn && rolling(state) !== null
    ? `#${idle[0]} has no ready replica`
    : null;
};

const weightsAreCarried: Check = (effect, state, { before }) => {
  const rollout = activeRollout(state);
  if (effect.kind !== 'route' || rollout === null) return null;
  const share = effect.shares[rollout.candidate] ?? 0;
  if (share <= (before.traffic?.[rollout.candidate] ?? 0)) return null;
  const ready = before.releases[rollout.candidate]?.ready ?? 0;
  const need = replicasFor(share, carriers(state, effect.shares, before));
  return ready < need ? `${share} on ${ready} replicas of ${need}` : null;
};

const boundsAreKept: Check = (effect, state, { before, after, now }) => {
  const bounds = rolling(state);
  if (effect.kind !== 'scale' || bounds === null) return null;
  // A kept release at its size, and what is kept to be looked at, are no part of it.
  const apart = new Map(state.leaving.flatMap(({ release, until }) => (now < until ? [[release, Infinity]] : [])));
  for (const { release, fullUntil } of state.kept) {
    apart.set(release, Math.max(apart.get(release) ?? 0, now < fullUntil ? Infinity : 1));
  }
  const asked = ({ releases }: Observation): number =>
    sum(Object.entries(releases).map(([name, { desired }]) => Math.max(0, desired - (apart.get(Number(name)) ?? 0))));
  if (asked(after) > asked(before) && asked(after) > bounds.most) return `${asked(after)} run, ${bounds.most} may`;
  // So does what gets no request and is no part of the roll.
  const parts = [state.stable, state.rollout?.candidate, ...Object.keys(before.traffic ?? {})].map(Number);
  const rolled = new Set([...parts, ...state.leaving.flatMap((one) => (one.carries === true ? [one.release] : []))]);
  const ready = ({ releases }: Observation): number => sum([...rolled].map((one) => releases[one]?.ready ?? 0));
  const fewer = ready(after) < ready(before) && ready(after) < bounds.least;
  return fewer ? `${ready(after)} are ready, ${bounds.least} must be` : null;
};

/** What is taken away leaves enough for the requests that go there. */
const nothingServingIsTaken: Check = (effect, state, { before, after }) => {
  if (effect.kind !== 'scale') return null;
  const { release } = effect;
  const left = after.releases[release]?.ready ?? 0;
  if (left >= (before.releases[release]?.ready ?? 0)) return null;
  const need = replicasFor(before.traffic?.[release] ?? 0, rolling(state)?.least ?? state.spec.replicas);
  return left < need ? `#${release} is left with ${left} ready replicas and needs ${need}` : null;
};

const CHECKS = { sharesAreWhole, weightsAreCarried, boundsAreKept, nothingServingIsTaken };

function rolling({ rollout, spec }: EnvironmentState): { readonly most: number; readonly least: number } | null {
  return rollout?.plan.kind === 'rolling' ? rollBounds(rollout.plan, spec.replicas) : null;
}

const replicas = fc.integer({ min: 1, max: 7 });
const count = fc.oneof(
  fc.integer({ min: 0, max: 5 }).map((value): Count => ({ count: value })),
  fc.constantFrom(0, 0.1, 0.25, 0.5, 1).map((share): Count => ({ share })),
);
const rollingPlan = fc.tuple(count, count).map(([maxSurge, maxUnavailable]): RollingPlan => {
  return { kind: 'rolling', maxSurge, maxUnavailable, deadline: 60_000, onDeadline: 'abort' };
});
const canaryPlan = fc
  .record({
    weights: fc.subarray([0.05, 0.25, 0.5, 0.75, 0.9]),
    stableScale: fc.constantFrom<CanaryPlan['stableScale'][]>('full', 'dynamic'),
    keepAborted: fc.constantFrom(0, 5000),
    keep: fc.constantFrom(0, 8000),
    sized: fc.option(count),
  })
  .map(({ weights, sized, ...rest }): CanaryPlan => {
    const size = sized === null ? [] : [{ kind: 'replicas', replicas: sized } as const];
    const walk = weights.flatMap((weight) => [
      { kind: 'weight', weight } as const,
      { kind: 'pause', duration: 6000 } as const,
    ]);
    return { ...PLAN, ...rest, steps: [...size, ...walk], judge: { ...PLAN.judge, dry: true }, deadline: 60_000 };
  });
const plan = fc.oneof<fc.Arbitrary<Strategy>[]>(rollingPlan, rollingPlan, canaryPlan);

type Event =
  | { readonly what: 'deploy'; readonly version: number; readonly strategy: Strategy }
  | { readonly what: 'scale'; readonly replicas: number }
  | { readonly what: 'lose'; readonly release: number; readonly downFor: number }
  | { readonly what: 'abort' | 'promoteFully' | 'retry' | 'rollback' | 'forget the route' };

const deploy = fc.record({
  what: fc.constant('deploy' as const),
  version: fc.integer({ min: 1, max: 4 }),
  strategy: plan,
});
const orders = fc.constantFrom<Event[]>(
  { what: 'abort' },
  { what: 'abort' },
  { what: 'promoteFully' },
  { what: 'retry' },
  { what: 'rollback' },
  { what: 'forget the route' },
);
const scale = fc.record({ what: fc.constant('scale' as const), replicas });
const lose = fc.record({
  what: fc.constant('lose' as const),
  release: fc.integer({ min: 1, max: 4 }),
  downFor: fc.integer({ min: 1, max: 12 }),
});
const timed = <Value>(event: fc.Arbitrary<Value>): fc.Arbitrary<{ readonly at: number; readonly event: Value }> =>
  fc.record({ at: fc.integer({ min: 1, max: 60 }), event });
const anything = fc.array(timed(fc.oneof<fc.Arbitrary<Event>[]>(deploy, deploy, orders, scale, lose)), {
  maxLength: 14,
});
/** Nothing of the platform's own goes wrong, and nobody asks for more. */
const wellBehaved = fc.array(timed(fc.oneof<fc.Arbitrary<Event>[]>(deploy, orders)), { minLength: 1, maxLength: 8 });
const starts = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 });

function commandOf(event: Event, spec: EnvironmentSpec): Command | null {
  switch (event.what) {
    case 'deploy':
      return {
        kind: 'deploy',
        content: contentOf(event.version),
        revision: null,
        spec: { ...spec, strategy: event.strategy },
      };
    case 'scale':
      return { kind: 'scale', replicas: event.replicas };
    case 'rollback':
      return { kind: 'rollback', to: null };
    case 'abort':
    case 'promoteFully':
    case 'retry':
      return { kind: event.what };
    case 'lose':
    case 'forget the route':
      return null;
  }
}

/** #1 serves with all its replicas. */
function serving(spec: EnvironmentSpec, world: World): EnvironmentState {
  const content = contentOf(1);
  world.scale(1, spec.replicas);
  for (const replica of world.crew.get(1) ?? []) replica.dueAt = 0;
  world.shares = { 1: 1 };
  return {
    ...emptyState('herald/local', spec),
    releases: { 1: { number: 1, digest: releaseDigest(content), content, revision: null } },
    stable: 1,
    commanded: { shares: { 1: 1 }, at: 0 },
    lastRelease: 1,
  };
}

interface Run {
  readonly size: number;
  readonly events: readonly { readonly at: number; readonly event: Event }[];
  readonly startsIn: readonly number[];
  /** Seconds. */
  readonly until: number;
  readonly eachSecond?: (state: EnvironmentState, seen: Observation) => string | null;
}

/** What went wrong, the state at the end, and how the world then is. */
function run({ size, events, startsIn, until, eachSecond }: Run) {
  const world = new World(startsIn);
  const wrong: string[] = [];
  let state = serving({ ...SPEC, replicas: size }, world);
  const round = (): boolean => {
    const seen = world.observe();
    const decision = decide(state, seen, world.second * 1000);
    ({ state } = decision);
    for (const effect of decision.effects) {
      const before = { ...world.observe(), traffic: seen.traffic };
      world.apply(effect);
      for (const [name, check] of Object.entries(CHECKS)) {
        const complaint = check(effect, state, { before, after: world.observe(), now: world.second * 1000 });
        if (complaint !== null) wrong.push(`${world.second} s, ${name}: ${complaint}`);
      }
    }
    return decision.effects.length > 0;
  };
  for (world.second = 0; world.second <= until; world.second += 1) {
    for (const { event } of events.filter(({ at }) => at === world.second)) {
      if (event.what === 'lose') world.lose(event.release, event.downFor);
      if (event.what === 'forget the route') state = { ...state, commanded: null };
      const command = commandOf(event, state.spec);
      const result = command === null ? null : obey(state, command, world.second * 1000);
      if (result?.kind === 'done') ({ state } = result.turn);
    }
    for (let rounds = 0; round() && rounds < 30; rounds += 1);
    const complaint = eachSecond?.(state, world.observe()) ?? null;
    if (complaint !== null) wrong.push(`${world.second} s: ${complaint}`);
  }
  return { wrong, state, seen: world.observe(), settled: !round() };
}

test('no bound is broken at any instant, and in the end everything is where it should be', () => {
  const property = fc.property(replicas, anything, starts, (size, events, startsIn) => {
    const { wrong, state, seen, settled } = run({ size, events, startsIn, until: 400 });
    expect(wrong).toEqual([]);
    const { stable, kept, spec } = state;
    if (stable === null) throw new Error('nothing is stable any more');
    const sizes = Object.fromEntries(kept.map(({ release }) => [release, 1]));
    const { [stable]: own, ...others } = seen.releases;
    expect({ rollout: activeRollout(state), settled, shares: seen.traffic, ready: own?.ready }).toEqual({
      rollout: null,
      settled: true,
      shares: { [stable]: 1 },
      ready: spec.replicas,
    });
    expect(Object.fromEntries(Object.entries(others).map(([name, { desired }]) => [name, desired]))).toEqual(sizes);
    expect(state.leaving).toEqual([]);
  });
  fc.assert(property, { numRuns: 150 });
});

test('in a rolling plan as many replicas are ready at every instant as the floor asks for', () => {
  const property = fc.property(replicas, wellBehaved, starts, rollingPlan, (size, events, startsIn, strategy) => {
    const eachSecond: Run['eachSecond'] = (state, seen) => {
      const least = rolling(state)?.least ?? 0;
      return readyIn(seen) < least ? `${readyIn(seen)} are ready, ${least} must be` : null;
    };
    // All by one plan: a floor that is raised can't be kept before there are replicas for it.
    const alike = events.map(({ at, event }) => ({
      at,
      event: event.what === 'deploy' ? { ...event, strategy } : event,
    }));
    expect(run({ size, events: alike, startsIn, until: 150, eachSecond }).wrong).toEqual([]);
  });
  fc.assert(property, { numRuns: 150 });
});

test('scaling at any instant leaves as many ready as the smaller of both sizes needs', () => {
  const sizes = fc.array(timed(scale), { minLength: 1, maxLength: 5 });
  const once = fc.record({ at: fc.integer({ min: 1, max: 20 }), event: deploy });
  const property = fc.property(fc.tuple(replicas, sizes, once, starts), ([size, scales, first, startsIn]) => {
    let smallest = size;
    let last = size;
    const eachSecond: Run['eachSecond'] = (state, seen) => {
      // Until the world has followed, a larger size asks for no more than the sizes before it had.
      const least = (replicas: number): number =>
        state.rollout?.plan.kind === 'rolling' ? rollBounds(state.rollout.plan, replicas).least : replicas;
      smallest = Math.min(smallest, state.spec.replicas);
      if (state.spec.replicas !== last) last = state.spec.replicas;
      return readyIn(seen) < least(smallest) ? `${readyIn(seen)} are ready of ${smallest}` : null;
    };
    expect(run({ size, events: [first, ...scales], startsIn, until: 150, eachSecond }).wrong).toEqual([]);
  });
  fc.assert(property, { numRuns: 150 });
});
