import { describe, expect, test } from 'vitest';
import { CONTEXT, createRig, ready } from '../../../test/rigs/simulated-rig.ts';
import { HEALTHY, SPEC } from './sample-spec.ts';

describe('replicas', () => {
  test('get ready after their time, and the platform tells when', async () => {
    const rig = createRig({ releases: { v1: HEALTHY, v2: { ...HEALTHY, startsIn: 2500 } } });
    let changes = 0;
    const stop = rig.platform.watch('s/e', () => (changes += 1));
    await rig.scale(2, 3);
    expect(rig.platform.nextChange()).toBe(2500);
    rig.goTo(2499);
    expect([ready(rig.platform, 2), changes]).toEqual([0, 0]);
    rig.goTo(2500);
    expect([ready(rig.platform, 2), changes]).toEqual([3, 1]);
    expect(rig.platform.nextChange()).toBe(Infinity);
    stop();
    await rig.scale(2, 0);
    expect([rig.platform.truth().releases[2], changes]).toEqual([undefined, 1]);
  });

  test('that never start, or of which only some do, stay so until that is changed', async () => {
    const rig = createRig({ releases: { v1: HEALTHY, v2: { ...HEALTHY, startsIn: 'never', maxReady: 2 } } });
    await rig.scale(2, 3);
    rig.goTo(100_000);
    expect(ready(rig.platform, 2)).toBe(0);
    rig.platform.setRelease('v2', { startsIn: 0 });
    expect(ready(rig.platform, 2)).toBe(2);
    rig.platform.setRelease('v2', { maxReady: null });
    expect(ready(rig.platform, 2)).toBe(3);
  });

  test('of the release that serves at the start are ready whatever it takes', () => {
    const rig = createRig({ releases: { v1: { ...HEALTHY, startsIn: 60_000 }, v2: HEALTHY } });
    expect(ready(rig.platform, 1)).toBe(SPEC.replicas);
  });
});

describe('requests', () => {
  test('arrive evenly and are split exactly', async () => {
    const rig = createRig({ traffic: 7 });
    await rig.scale(2, 1);
    await rig.route({ 1: 0.9, 2: 0.1 });
    rig.goTo(100_000);
    const users = rig.platform.users();
    expect(users.requests).toBe(700);
    expect(users.byRelease[2]?.requests).toBe(70);
  });

  test('fail as often as the release says, trap included, and at the door when no replica is ready', async () => {
    const rig = createRig({ traffic: 1000, releases: { v1: { ...HEALTHY, errors: 0.1, traps: 0.05 }, v2: HEALTHY } });
    rig.goTo(100_000);
    const [row] = (await rig.platform.observe(CONTEXT)).counters ?? [];
    expect(row?.requests).toBe(20_000);
    // 20,000 draws: five standard deviations are 0.0126 and 0.0077.
    expect(Math.abs((row?.errors ?? 0) / 20_000 - 0.15)).toBeLessThan(0.0127);
    expect(Math.abs((row?.traps ?? 0) / 20_000 - 0.05)).toBeLessThan(0.0078);
    await rig.route({ 2: 1 });
    const before = rig.platform.users().errors;
    rig.goTo(101_000);
    expect(rig.platform.users().errors - before).toBe(1000);
  });

  test('have the same luck whatever the split is', async () => {
    const [one, other] = [createRig({ releases: bad }), createRig({ releases: bad })];
    await other.scale(2, 5);
    await other.route({ 1: 0.5, 2: 0.5 });
    for (const rig of [one, other]) rig.goTo(60_000);
    expect(one.platform.users().errors).toBeGreaterThan(0);
    expect(other.platform.users().errors).toBe(one.platform.users().errors);
  });

  test('that find nothing exposed are counted apart', async () => {
    const rig = createRig();
    await rig.route({});
    rig.goTo(1000);
    expect(rig.platform.users()).toEqual({ requests: 100, errors: 0, unserved: 100, byRelease: {}, mostMoves: 0 });
  });
});

const bad = { v1: { ...HEALTHY, errors: 0.05 }, v2: { ...HEALTHY, errors: 0.05 } };

describe('the router', () => {
  test('with a delay moves traffic later than it acknowledges', async () => {
    const rig = createRig();
    rig.platform.setRouterDelay(3000);
    await rig.scale(2, 5);
    await rig.route({ 2: 1 });
    rig.goTo(2999);
    expect(rig.platform.truth().traffic).toEqual({ 1: 1 });
    rig.goTo(3000);
    expect(rig.platform.truth().traffic).toEqual({ 2: 1 });
  });

  test('routing by replicas gives each exposed release the share of its ready ones', async () => {
    const rig = createRig({ routing: 'replicas' });
    await rig.scale(2, 3);
    await rig.route({ 1: 0.9, 2: 0.1 });
    expect(rig.platform.truth().traffic).toEqual({ 1: 5 / 8, 2: 3 / 8 });
  });
});

test('metrics can be down, empty, not numbers, or start again from zero', async () => {
  const rig = createRig();
  rig.goTo(2000);
  const sum = async (): Promise<number | undefined> =>
    (await rig.platform.observe(CONTEXT)).counters?.reduce((total, { requests }) => total + requests, 0);
  expect(await sum()).toBe(200);
  rig.platform.setMetrics('down');
  expect(await sum()).toBeUndefined();
  rig.platform.setMetrics('empty');
  expect((await rig.platform.observe(CONTEXT)).counters).toEqual([]);
  rig.platform.setMetrics('nan');
  expect(await sum()).toBeNaN();
  rig.platform.setMetrics('reset');
  expect(await sum()).toBe(0);
  rig.goTo(3000);
  const rows = (await rig.platform.observe(CONTEXT)).counters ?? [];
  expect(rows.map(({ epoch, requests }) => `${epoch}:${requests}`)).toEqual(Array.from({ length: 5 }, () => '2:20'));
});
