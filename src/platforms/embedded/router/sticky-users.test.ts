/** Users that stay at one release, on the real router process. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askAll, type Replica, type RouterRig, startRouterRig, until } from '../../../../test/rigs/router-rig.ts';
import { type EnvironmentTraffic, NO_TRAFFIC } from './router-config.ts';
import type { EnvironmentRoutes } from './routing-table.ts';

let rig: RouterRig;
let one: Replica;
let two: Replica;

beforeAll(async () => {
  rig = await startRouterRig();
  [one, two] = await Promise.all([rig.startReplica('one'), rig.startReplica('two')]);
});

afterAll(() => rig[Symbol.asyncDispose]());

const HEADER = { kind: 'header', name: 'X-User' } as const;
const COOKIE = { kind: 'cookie', name: 'slipway' } as const;
const KEYS = Array.from({ length: 1500 }, (_, index) => `user-${index}`);

async function routeAt(weight: number, changes: Partial<EnvironmentRoutes> = {}): Promise<void> {
  const shares: Readonly<Record<number, number>> = weight === 1 ? { 2: 1 } : { 1: 1 - weight, 2: weight };
  await rig.route({
    shares,
    replicas: { 1: [one], 2: [two] },
    affinity: HEADER,
    rollout: 'greeter/local/7',
    ...changes,
  });
}

/** The release that each key gets. */
async function dealt(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const answers = await askAll(
    rig,
    keys.map((key) => ({ headers: { 'x-user': key } })),
  );
  return new Map(keys.map((key, index) => [key, String(answers[index]?.headers['x-slipway-release'])]));
}

async function traffic(): Promise<EnvironmentTraffic> {
  return (await rig.client.state()).environments['greeter/local'] ?? NO_TRAFFIC;
}

async function unitsOf(release: number): Promise<{ requests: number; errors: number; newKeys: number }> {
  const sum = { requests: 0, errors: 0, newKeys: 0 };
  for (const row of (await traffic()).rows.filter((of) => of.release === release && of.source === 'split')) {
    sum.requests += row.units?.requests ?? 0;
    sum.errors += row.units?.errors ?? 0;
    sum.newKeys += row.units?.newKeys ?? 0;
  }
  return sum;
}

/** Five standard deviations of how many of so many keys have a weight. */
const bound = (keys: number, weight: number): number => 5 * Math.sqrt(keys * weight * (1 - weight));

describe('a header that says who it is', () => {
  test('T10: while the weight rises no key changes its release more than once and none goes back; the shares are right', async () => {
    const seen: ReadonlyMap<string, string>[] = [];
    for (const weight of [0.05, 0.25, 0.5, 1]) {
      await routeAt(weight);
      const now = await dealt(KEYS);
      const candidate = [...now.values()].filter((release) => release === '2').length;
      expect(Math.abs(candidate - KEYS.length * weight)).toBeLessThanOrEqual(bound(KEYS.length, weight));
      // The same keys again, at the same weight.
      expect(await dealt(KEYS.slice(0, 100))).toEqual(new Map([...now].slice(0, 100)));
      seen.push(now);
    }
    for (const key of KEYS) {
      const releases = seen.map((of) => of.get(key));
      expect(releases).toEqual(releases.toSorted((before, after) => Number(before) - Number(after)));
    }
    expect((await traffic()).keys).toEqual({ known: KEYS.length, full: false });
  });

  test('the next rollout deals anew: of those who had the candidate, so many have it again as the weight says', async () => {
    await routeAt(0.25);
    const before = [...(await dealt(KEYS))].flatMap(([key, release]) => (release === '2' ? [key] : []));
    await routeAt(0.25, { rollout: 'greeter/local/8' });
    const again = [...(await dealt(before)).values()].filter((release) => release === '2').length;
    expect(Math.abs(again - before.length / 4)).toBeLessThanOrEqual(bound(before.length, 0.25));
  });

  test('requests without the header are dealt by the exact split, whatever comes between', async () => {
    await routeAt(0.2);
    let got = 0;
    for (let request = 1; request <= 60; request += 1) {
      await rig.ask('/', { headers: { 'x-user': 'ana' } });
      if ((await rig.ask('/')).headers['x-slipway-release'] === '2') got += 1;
      expect(Math.abs(got - request * 0.2)).toBeLessThanOrEqual(1);
    }
  });

  test('a new key counts once, for the release that it got', async () => {
    const before = { 1: await unitsOf(1), 2: await unitsOf(2) };
    await routeAt(0.5, { rollout: 'greeter/local/9' });
    const got = await dealt(KEYS.slice(0, 300));
    await dealt(KEYS.slice(0, 300));
    for (const release of [1, 2] as const) {
      const own = [...got.values()].filter((of) => of === String(release)).length;
      expect((await unitsOf(release)).newKeys - before[release].newKeys).toBe(own);
    }
  });

  test('a user who is sent errors again and again is one bad unit in a second', async () => {
    const [fresh] = [await rig.startReplica('units')];
    await rig.route({ shares: { 5: 1 }, replicas: { 5: [fresh] }, affinity: HEADER, rollout: 'greeter/local/10' });
    const storm = Array.from({ length: 40 }, () => ({ path: '/error', headers: { 'x-user': 'ana' } }));
    const calm = Array.from({ length: 40 }, () => ({ path: '/', headers: { 'x-user': 'ben' } }));
    await askAll(rig, [...storm, ...calm]);
    await until(async () => expect((await unitsOf(5)).requests).toBeGreaterThanOrEqual(2));
    const { requests, errors } = await unitsOf(5);
    // They may have fallen into two seconds.
    expect(requests).toBeLessThanOrEqual(4);
    expect(errors).toBeGreaterThanOrEqual(1);
    expect(errors).toBeLessThanOrEqual(2);
    const raw = (await traffic()).rows.find(({ release, source }) => release === 5 && source === 'split');
    expect(raw).toMatchObject({ requests: 80, errors: 40 });
  });
});

describe('a cookie that says who it is', () => {
  const cookieOf = (headers: Readonly<Record<string, unknown>>): readonly string[] =>
    (headers['set-cookie'] ?? []) as readonly string[];

  test('is set for a client without one and keeps it where it was while the weight rises', async () => {
    await routeAt(0.5, { affinity: COOKIE });
    const first = await rig.ask('/');
    const [cookie = ''] = cookieOf(first.headers);
    expect(cookie).toMatch(/^slipway=[0-9a-f]{24}; Path=\/; SameSite=Lax; HttpOnly$/);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    const release = first.headers['x-slipway-release'];
    for (let request = 0; request < 20; request += 1) {
      const again = await rig.ask('/', { headers });
      expect(again.headers['x-slipway-release']).toBe(release);
      expect(cookieOf(again.headers)).toEqual([]);
    }
    await routeAt(1, { affinity: COOKIE });
    expect((await rig.ask('/', { headers })).headers['x-slipway-release']).toBe('2');
  });

  test('is set beside the service’s own cookies, and never in place of one', async () => {
    await routeAt(0.5, { affinity: COOKIE });
    const beside = cookieOf((await rig.ask('/headers')).headers);
    expect(beside.map((cookie) => cookie.split('=')[0])).toEqual(['a', 'b', 'slipway']);
    await routeAt(0.5, { affinity: { kind: 'cookie', name: 'b' } });
    expect(cookieOf((await rig.ask('/headers')).headers)).toEqual(['a=1', 'b=2']);
  });

  test('clients that never keep one are dealt by chance, as the weight says', async () => {
    await routeAt(0.25, { affinity: COOKIE });
    const answers = await askAll(
      rig,
      Array.from({ length: 1000 }, () => ({})),
    );
    const candidate = answers.filter(({ headers }) => headers['x-slipway-release'] === '2').length;
    expect(Math.abs(candidate - 250)).toBeLessThanOrEqual(bound(1000, 0.25) * 1.2);
  });
});
