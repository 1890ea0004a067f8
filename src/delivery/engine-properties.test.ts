/** Whatever happens in whatever order: what must never be is not. */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentOf, createRig, PLAN, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import { CONTROL_SHARE, guardOf } from './guard.ts';
import type { Command, EnvironmentSpec, RolloutEnded, RolloutLooked, RolloutStarted } from './index.ts';
import { replicasFor } from './steps.ts';
import { activeRollout } from './turn.ts';

type Action = (rig: Rig) => Promise<void>;

/** An action with a name, so that a counterexample can be read. */
interface Named {
  readonly name: string;
  readonly run: Action;
}

const version = fc.integer({ min: 1, max: 4 });
const plan = fc.constantFrom<EnvironmentSpec['strategy']>(
  PLAN,
  { ...PLAN, steps: null, judge: { ...PLAN.judge, within: 100_000 }, deadline: 20_000 },
  {
    ...PLAN,
    steps: [
      { kind: 'weight', weight: 0.25 },
      { kind: 'pause', duration: 'manual' },
      { kind: 'weight', weight: 0.5 },
      { kind: 'pause', duration: 5000 },
    ],
    keep: 0,
    deadline: 10_000,
    onDeadline: 'hold',
    supersede: 'queue',
    keepAborted: 20_000,
    rollbackWindow: 2,
  },
  { ...PLAN, supersede: 'reject' },
);

/** What else an environment may ask for: people, and a guard. */
const asks = fc.constantFrom<Partial<EnvironmentSpec>>(
  {},
  {},
  { guard: 30_000 },
  { guard: 60_000, approval: { count: 1, by: [], expires: 60_000 } },
  { approval: { count: 2, by: [], expires: null } },
);

function command(wish: Command): Action {
  return async (rig) => void (await rig.controller.command(wish));
}

const verb = fc.oneof(
  fc
    .constantFrom('promote', 'promoteFully', 'abort', 'retry', 'pause', 'resume', 'remove')
    .map((kind): Named => ({ name: kind, run: command({ kind }) })),
  fc.constantFrom('ana', 'ben').map((by): Named => ({
    name: `${by} approves`,
    run: command({ kind: 'approve', by, groups: [], authenticated: false }),
  })),
  fc.constant<Named>({ name: 'eve rejects', run: command({ kind: 'reject', by: 'eve' }) }),
  fc.option(version).map((to): Named => ({ name: `rollback ${to}`, run: command({ kind: 'rollback', to }) })),
  fc
    .integer({ min: 1, max: 4 })
    .map((replicas): Named => ({ name: `scale ${replicas}`, run: command({ kind: 'scale', replicas }) })),
);

const deploy = fc.tuple(version, plan, asks).map(([number, strategy, more]): Named => ({
  name: `deploy ${number} ${JSON.stringify(more)}`,
  run: command({ kind: 'deploy', content: contentOf(number), revision: null, spec: { ...SPEC, ...more, strategy } }),
}));

const time = fc.integer({ min: 1, max: 40 }).map((seconds): Named => ({
  name: `${seconds} s`,
  async run(rig) {
    for (let second = 0; second < seconds; second += 1) await rig.seconds(1).catch(() => undefined);
  },
}));

const world = fc.oneof(
  fc.tuple(version, fc.integer({ min: 0, max: 4 })).map(([release, count]): Named => ({
    name: `#${release} gets at most ${count} ready`,
    run: async (rig) => void rig.world.readyAtMost.set(release, count),
  })),
  fc.tuple(version, fc.constantFrom(0, 0.01, 0.4)).map(([release, share]): Named => ({
    name: `#${release} fails ${share}`,
    run: async (rig) => void rig.world.badShare.set(release, share),
  })),
  fc.tuple(version, fc.boolean()).map(([release, failing]): Named => ({
    name: `#${release} ${failing ? 'crashes' : 'runs'}`,
    async run(rig) {
      if (failing) rig.world.failing.set(release, 'it crashes');
      else rig.world.failing.delete(release);
    },
  })),
  fc
    .tuple(fc.constantFrom('metrics', 'routerStuck', 'routerDown', 'unreachable'), fc.boolean())
    .map(([what, on]): Named => ({ name: `${what}: ${on}`, run: async (rig) => void (rig.world[what] = on) })),
  fc
    .constantFrom(0, 100)
    .map((rate): Named => ({ name: `${rate}/s`, run: async (rig) => void (rig.world.requestsPerSecond = rate) })),
  fc.constant<Named>({ name: 'crash', run: (rig) => rig.crash() }),
);

const actions = fc.array(
  fc.oneof(
    { arbitrary: time, weight: 4 },
    { arbitrary: deploy, weight: 3 },
    { arbitrary: verb, weight: 3 },
    { arbitrary: world, weight: 4 },
  ),
  {
    minLength: 5,
    maxLength: 30,
  },
);

function dataOf<Shape>(rig: Rig, kind: string): readonly Shape[] {
  return rig.journal.read({ kinds: [kind] }).map(({ data }) => data as Shape);
}

/** Says what is wrong after an action; `null` when nothing is. */
type Check = (rig: Rig, since: Since) => string | null;

interface Since {
  /** How many splits were taken over before the action. */
  readonly routes: number;
  /** Rollouts that a person has promoted fully. */
  readonly forced: ReadonlySet<string>;
  /** How many replicas of each release were wanted before the action. */
  readonly desired: Readonly<Record<number, number>>;
}

/** Shares sum to one or there is none, and none rises beyond what is ready (I1, I2). */
const routesAreGood: Check = (rig, { routes }) => {
  const { stable, spec } = rig.controller.state();
  for (const { shares, before, ready } of rig.world.routes.slice(routes)) {
    const values = Object.values(shares);
    const sum = values.reduce((total, share) => total + share, 0);
    if (values.some((share) => share < 0) || (values.length > 0 && Math.abs(sum - 1) > 1e-9))
      return `split ${values.join()}`;
    for (const [name, share] of Object.entries(shares)) {
      const release = Number(name);
      if (release === stable || share <= (before[release] ?? 0)) continue;
      const need = replicasFor(share, spec.replicas);
      if ((ready[release] ?? 0) < need) return `#${name} was given ${share} with ${ready[release]} of ${need} ready`;
    }
  }
  return null;
};

/** The stable release and, for its time, the one before it are as large as they should be (I3). */
const sizesAreFull: Check = (rig) => {
  const { stable, kept, spec, removed } = rig.controller.state();
  if (removed || rig.world.unreachable) return null;
  const now = rig.clock.monotonic();
  const wanted = kept.map(({ release, fullUntil }) => [release, now < fullUntil ? spec.replicas : 1] as const);
  if (stable !== null) wanted.push([stable, spec.replicas]);
  const small = wanted.find(([release, count]) => rig.world.desired(release) < count);
  return small === undefined ? null : `#${small[0]} has ${rig.world.desired(small[0])} of ${small[1]} replicas`;
};

/** What was aborted gets nothing any more, unless somebody begins with it anew (I4). */
const abortsStick: Check = (rig, { routes }) => {
  const { rollout, stable } = rig.controller.state();
  if (rollout?.outcome !== 'aborted' || rollout.candidate === stable) return null;
  const last = rig.world.routes.slice(routes).at(-1);
  return (last?.shares[rollout.candidate] ?? 0) > 0 ? `#${rollout.candidate} was aborted and gets requests` : null;
};

/** One rollout at a time (I7), and nothing that is proven bad is promoted but by hand (I8). */
const historyIsGood: Check = (rig, { forced }) => {
  const started = dataOf<RolloutStarted>(rig, 'rollout.started').map(({ rollout }) => rollout);
  const ended = dataOf<RolloutEnded>(rig, 'rollout.ended');
  const open = activeRollout(rig.controller.state()) === null ? 0 : 1;
  if (started.length - ended.length !== open) return `${started.length} rollouts began and ${ended.length} ended`;
  const looks = dataOf<RolloutLooked>(rig, 'rollout.looked');
  const atEnd = new Map(ended.map(({ rollout, at }) => [rollout, at]));
  // What is proven during the guard of a promoted release is no longer a matter of its rollout.
  const before = looks.filter(({ rollout, at }) => at <= (atEnd.get(rollout) ?? Infinity));
  const bad = new Set(before.flatMap(({ rollout, verdict }) => (verdict === 'fail' ? [rollout] : [])));
  for (const [index, { rollout, outcome }] of ended.entries()) {
    if (rollout !== started[index]) return `${rollout} ended out of order`;
    if (bad.has(rollout) && !forced.has(rollout) && outcome !== 'aborted') return `${rollout} was bad and ${outcome}`;
  }
  return null;
};

/** Nothing that waits for people is started or gets more, whatever of it still runs from before (I8). */
const nothingBeforeApproval: Check = (rig, { desired, routes }) => {
  const { rollout, kept } = rig.controller.state();
  if (rollout === null || rollout.outcome !== null || rollout.kind === 'rollback') return null;
  const { candidate, approval, approvals } = rollout;
  if (approvals.length >= approval.count) return null;
  const given = rig.world.routes.slice(routes).at(-1)?.shares[candidate] ?? 0;
  if (given > 0) return `#${candidate} gets ${given} and is not approved`;
  // A kept release has the size of one, whatever is asked about it.
  if (kept.some(({ release }) => release === candidate)) return null;
  return rig.world.desired(candidate) > (desired[candidate] ?? 0) ? `#${candidate} grows and is not approved` : null;
};

/** Without a rollout the stable release gets everything, but for the control of a guard. */
const guardIsSmall: Check = (rig, { routes }) => {
  const { stable, rollout } = rig.controller.state();
  if (stable === null || activeRollout(rig.controller.state()) !== null) return null;
  const last = rig.world.routes.slice(routes).at(-1);
  const least = rollout?.guardUntil === null ? 1 : 1 - CONTROL_SHARE;
  const share = last === undefined ? 1 : (last.shares[stable] ?? 0);
  return share >= least - 1e-9 ? null : `#${stable} serves and was given ${share}`;
};

/** Every entry once and in order, every intent closed once (I10). */
const journalIsGood: Check = (rig) => {
  const numbers = rig.journal.read().map(({ key }) => Number(key?.split('#')[1]));
  if (numbers.some((number, index) => number !== index + 1)) return `entries ${numbers.join()}`;
  const numbersOf = (kind: string): string =>
    dataOf<{ number: number }>(rig, kind)
      .map((one) => one.number)
      .join();
  return numbersOf('effect.intended') === numbersOf('effect.done') ? null : 'an effect was not closed, or twice';
};

/** Who is under way says what it waits for, and either until when or who ends it (I9). */
const waitsAreTold: Check = (rig) => {
  const { told, rollout } = rig.controller.state();
  if (activeRollout(rig.controller.state()) === null || told === null || rig.world.unreachable) return null;
  const { wait } = told;
  if (wait === null || wait.for === '') return `nothing is said of the wait: ${rollout?.because}`;
  return wait.until === null && wait.command === null ? `"${wait.for}" never ends` : null;
};

const CHECKS = {
  routesAreGood,
  sizesAreFull,
  abortsStick,
  historyIsGood,
  nothingBeforeApproval,
  guardIsSmall,
  journalIsGood,
  waitsAreTold,
};

test('no order of commands, trouble, time and crashes breaks what must always hold', async () => {
  const property = fc.asyncProperty(actions, async (list) => {
    const rig = await createRig();
    const forced = new Set<string>();
    const wrong: string[] = [];
    for (const { name, run } of list) {
      const before = activeRollout(rig.controller.state());
      const routes = rig.world.routes.length;
      const desired = Object.fromEntries([1, 2, 3, 4].map((release) => [release, rig.world.desired(release)]));
      await run(rig);
      await rig.controller.tick().catch(() => undefined);
      const after = rig.controller.state().rollout;
      if (name === 'promoteFully') for (const one of [before, after]) if (one !== null) forced.add(one.id);
      for (const [what, check] of Object.entries(CHECKS)) {
        const complaint = check(rig, { routes, forced, desired });
        if (complaint !== null) wrong.push(`${what} after "${name}": ${complaint}`);
      }
    }
    expect(wrong).toEqual([]);
  });
  await fc.assert(property, { numRuns: 300 });
});

/** How the environment is once the world has been well for long: at rest, or waiting for a person who is told how. */
function restOf(rig: Rig): string {
  const state = rig.controller.state();
  const rollout = activeRollout(state);
  const shares = JSON.stringify(state.told?.shares ?? {});
  if (rollout === null) {
    const guard = guardOf(state);
    const both = guard === null ? null : { [guard.control]: CONTROL_SHARE, [guard.candidate]: 1 - CONTROL_SHARE };
    const wanted = state.stable === null || state.removed ? '{}' : JSON.stringify(both ?? { [state.stable]: 1 });
    return shares === wanted ? 'at rest' : `without a rollout the split is ${shares}`;
  }
  const wait = state.told?.wait;
  const forPerson = rollout.phase === 'paused' && wait?.until === null && wait.command !== null;
  return forPerson ? 'at rest' : `${rollout.phase}: ${rollout.because}`;
}

test('once the world is well, every rollout that waits for no person ends', async () => {
  const property = fc.asyncProperty(actions, async (list) => {
    const rig = await createRig();
    for (const { run } of list) await run(rig);
    Object.assign(rig.world, { metrics: true, routerStuck: false, routerDown: false, unreachable: false });
    rig.world.requestsPerSecond = 100;
    rig.world.readyAtMost.clear();
    rig.world.failing.clear();
    await rig.seconds(1200);
    expect([restOf(rig), rig.controller.state().setbacks]).toEqual(['at rest', {}]);
  });
  await fc.assert(property, { numRuns: 40 });
});
