import { describe, expect, test } from 'vitest';
import { createRig, createServingRig, PLAN, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import { createMemoryJournal, type Journal } from '../journal/index.ts';
import { createManualClock } from '../kernel/clock.ts';
import { Fault } from '../kernel/fault.ts';
import { createController, type EnvironmentSpec, readEnvironments } from './index.ts';

const HELD: EnvironmentSpec = {
  ...SPEC,
  strategy: {
    ...PLAN,
    steps: [
      { kind: 'weight', weight: 0.5 },
      { kind: 'pause', duration: 'manual' },
    ],
  },
};

/** A journal that takes nothing while `full`. */
function createFullJournal(): Journal & { full: boolean } {
  const journal = createMemoryJournal(createManualClock());
  const limited = {
    ...journal,
    full: false,
    append(drafts: Parameters<Journal['append']>[0]) {
      if (limited.full) throw new Error('the disk is full');
      return journal.append(drafts);
    },
  };
  return limited;
}

/** The numbers in the keys of all entries: 1, 2, 3 … when none is missing and none is there twice. */
function expectNoGaps(rig: Rig): void {
  const numbers = rig.journal.read().map(({ key }) => Number(key?.split('#')[1]));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
}

/** Every effect that was meant was closed, once. */
function expectNoOpenEffects(rig: Rig): void {
  const numbersOf = (kind: string): readonly number[] =>
    rig.journal.read({ kinds: [kind] }).map(({ data }) => (data as { number: number }).number);
  expect(numbersOf('effect.done').toSorted((a, b) => a - b)).toEqual(numbersOf('effect.intended'));
}

describe('what was saved', () => {
  test('and not told, since the journal was full, is told once it is not, in order and once', async () => {
    const journal = createFullJournal();
    const rig = await createServingRig({ journal });
    journal.full = true;
    await expect(rig.deploy(2)).rejects.toThrow('full');
    for (let second = 0; second < 3; second += 1) await expect(rig.seconds(1)).rejects.toThrow('full');
    journal.full = false;
    await rig.seconds(61);
    expect(rig.phase()).toBe('healthy promoted');
    expectNoGaps(rig);
    expectNoOpenEffects(rig);
  });

  test('and not told over several commands and a crash is told after it', async () => {
    const journal = createFullJournal();
    const rig = await createServingRig({ journal });
    journal.full = true;
    for (const version of [2, 3]) await expect(rig.deploy(version)).rejects.toThrow('full');
    await rig.crash().catch(() => undefined);
    journal.full = false;
    await rig.crash();
    await rig.seconds(62);
    expect(rig.journal.read({ kinds: ['rollout.started'] })).toHaveLength(3);
    expectNoGaps(rig);
  });

  test('and not told before a crash is told after it', async () => {
    const journal = createFullJournal();
    const rig = await createServingRig({ journal });
    journal.full = true;
    await expect(rig.deploy(2)).rejects.toThrow('full');
    journal.full = false;
    await rig.crash();
    expect(rig.journal.read({ kinds: ['rollout.started'] })).toHaveLength(2);
    await rig.seconds(62);
    expect(rig.phase()).toBe('healthy promoted');
    expectNoGaps(rig);
    expectNoOpenEffects(rig);
  });

  test('is obeyed although the world can not be reached, and says so', async () => {
    const rig = await createServingRig();
    rig.world.unreachable = true;
    expect(await rig.deploy(2)).toContain('as soon as that is possible: the world does not answer');
    await rig.crash();
    expect(rig.world.commands).toEqual([]);
    rig.world.unreachable = false;
    await rig.seconds(1);
    expect(rig.world.commands).toEqual(['#2 × 1', '#1 90% #2 10%']);
  });
});

describe('a route that fails', () => {
  test('is tried again, ever less often, and leaves few entries', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, HELD);
    rig.world.routerDown = true;
    rig.world.commands.length = 0;
    await rig.order({ kind: 'abort' });
    expect(rig.world.commands).toEqual(['route in vain']);
    await rig.seconds(60);
    expect(rig.world.commands.length).toBeGreaterThan(10);
    expect(rig.world.commands.length).toBeLessThan(20);
    rig.world.routerDown = false;
    await rig.seconds(5);
    expect(rig.world.commands.slice(-2)).toEqual(['#1 100%', '#2 × 0']);
    expect(rig.controller.state().setbacks).toEqual({});
    expectNoOpenEffects(rig);
  });

  test('is said again when what was in force is not any more, and nothing else moves', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, HELD);
    await rig.seconds(5);
    const before = rig.controller.state().commanded?.shares;
    rig.world.commands.length = 0;
    rig.world.loseRoute();
    await rig.seconds(30);
    expect(before).toEqual({ 1: 0.5, 2: 0.5 });
    expect(rig.world.commands).toEqual(['#1 50% #2 50%']);
    expect(rig.phase()).toBe('paused step');
  });

  test('does not hold back another split', async () => {
    const rig = await createServingRig();
    rig.world.routerDown = true;
    await rig.deploy(2);
    await rig.seconds(30);
    rig.world.routerDown = false;
    rig.world.commands.length = 0;
    await rig.order({ kind: 'abort' });
    expect(rig.world.commands).toEqual(['#1 100%', '#2 × 0']);
  });

  test('is named when the wait for it ends', async () => {
    const rig = await createServingRig();
    rig.world.routerDown = true;
    await rig.deploy(2);
    await rig.seconds(605);
    expect(rig.controller.state().rollout?.because).toContain('the router does not answer');
  });

  test('is not repeated at each look when it was acknowledged and nothing moved', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, HELD);
    rig.world.routerStuck = true;
    rig.world.commands.length = 0;
    await rig.order({ kind: 'abort' });
    await rig.seconds(600);
    expect(rig.world.commands.length).toBeGreaterThan(15);
    expect(rig.world.commands.length).toBeLessThan(30);
  });
});

describe('an engine that comes back', () => {
  test('and sees neither traffic nor counters at first leaves the weight as it is', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, HELD);
    await rig.seconds(5);
    rig.world.commands.length = 0;
    rig.world.routerDown = true;
    rig.world.metrics = false;
    await rig.crash();
    await rig.seconds(3);
    rig.world.routerDown = false;
    rig.world.metrics = true;
    await rig.seconds(3);
    expect(rig.world.commands).toEqual([]);
    expect(rig.phase()).toBe('paused step');
  });

  test('from a split that it may or may not have commanded commands it again, and goes on', async () => {
    let killed = '';
    const rig = await createServingRig({
      onPoint(name) {
        if (name === killed) throw new Error('killed');
      },
    });
    await rig.deploy(2, HELD);
    await rig.seconds(5);
    rig.world.commands.length = 0;
    killed = 'intent';
    await expect(rig.deploy(3, HELD)).rejects.toThrow('killed');
    killed = '';
    await rig.crash();
    await rig.seconds(2);
    expect(rig.world.commands).toEqual(['#1 100%', '#3 × 1', '#1 50% #3 50%', '#2 × 0']);
    expectNoGaps(rig);
    expectNoOpenEffects(rig);
  });

  test('goes on in the middle of a timed pause, the time that it was away included', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.seconds(10);
    await rig.clock.advance(40_000);
    await rig.crash();
    await rig.seconds(8);
    expect(rig.phase()).toBe('paused step');
    await rig.seconds(3);
    expect(rig.phase()).toBe('healthy promoted');
  });

  test('never goes back in time, whatever the wall clock does', async () => {
    const rig = await createServingRig();
    await rig.deploy(2);
    await rig.seconds(30);
    const { stepAt } = rig.controller.state().rollout!;
    const clock = { ...rig.clock, wall: () => 5 };
    rig.controller = await createController({ ...rig.options, clock });
    await rig.seconds(1);
    const { rollout } = rig.controller.state();
    expect(rollout?.stepAt).toBe(stepAt);
    expect(rollout?.lookedAt).toBeGreaterThan(stepAt);
  });
});

test('commands and looks that overlap are done one after another', async () => {
  const rig = await createRig();
  await Promise.all([rig.deploy(1), rig.controller.tick(), rig.deploy(2), rig.controller.tick(), rig.deploy(3)]);
  await rig.seconds(40);
  expect([rig.phase(), rig.controller.state().stable]).toEqual(['healthy promoted', 3]);
  const outcomes = rig.journal
    .read({ kinds: ['rollout.ended'] })
    .map(({ data }) => (data as { outcome: string }).outcome);
  expect(outcomes).toEqual(['superseded', 'superseded', 'promoted']);
});

test('what is remembered stays small over hundreds of deployments', async () => {
  const rig = await createServingRig();
  for (let version = 2; version <= 300; version += 1) {
    await rig.deploy(version);
    await rig.order({ kind: 'promoteFully' });
    await rig.seconds(1);
  }
  await rig.seconds(601);
  const { releases, kept, stable } = rig.controller.state();
  expect([stable, kept.map(({ release }) => release)]).toEqual([300, [297, 298, 299]]);
  expect(Object.keys(releases)).toHaveLength(20);
  await rig.order({ kind: 'rollback', to: 297 });
  await rig.seconds(1);
  expect(rig.controller.state().stable).toBe(297);
  // Known by its content still: the same release, so the same number.
  await rig.deploy(290);
  expect(rig.controller.state().rollout?.candidate).toBe(290);
});

test('a record of an older version is refused as it is, with what to do', async () => {
  const rig = await createServingRig();
  const { key } = rig.options;
  const loaded = await rig.store.load(key);
  if (loaded === null) throw new Error('no record');
  const { leaving: _, ...older } = loaded.record.state;
  await rig.store.save(key, loaded.version, { ...loaded.record, state: JSON.parse(JSON.stringify(older)) });
  await expect(createController(rig.options)).rejects.toMatchObject({ code: 'delivery/older-record', kind: 'refused' });
  expect((await rig.store.load(key))?.version).toBe(loaded.version + 1);
});

describe('what can not be done', () => {
  const told = (rig: Rig) => readEnvironments(rig.journal).get('herald/local')?.now;
  const changes = (rig: Rig) => rig.journal.read({ kinds: ['environment.changed'] });
  const conflict = new Fault({ code: 'rig/conflict', kind: 'refused', message: 'kubectl owns it', hint: 'Let it go.' });

  test('is told once, with since when, why and what to do, also where all is well; and when it is over', async () => {
    const rig = await createServingRig();
    rig.world.refusing = conflict;
    rig.world.resize(1, 1);
    await rig.seconds(10);
    const since = told(rig)?.blocked?.[0]?.since ?? 0;
    expect(told(rig)).toMatchObject({ phase: 'healthy' });
    const why = { message: 'kubectl owns it', hint: 'Let it go.' };
    expect(told(rig)?.blocked).toEqual([{ what: 'run 2 replicas of #1', since, ...why }]);
    expect(rig.controller.state().setbacks['scale 1']).toMatchObject({ since, at: since + 7000 });
    const before = changes(rig).length;
    await rig.seconds(120);
    expect(changes(rig)).toHaveLength(before);
    rig.world.refusing = null;
    await rig.seconds(60);
    expect(told(rig)).not.toHaveProperty('blocked');
    expect(told(rig)).toMatchObject({ ready: { 1: 2 } });
  });

  test('is no news when it is done the next time', async () => {
    const rig = await createServingRig();
    rig.world.refusing = conflict;
    rig.world.resize(1, 1);
    await rig.seconds(1);
    rig.world.refusing = null;
    await rig.seconds(5);
    expect(rig.world.desired(1)).toBe(2);
    expect(changes(rig).filter(({ data }) => JSON.stringify(data).includes('blocked'))).toEqual([]);
  });
});
