import { describe, expect, test } from 'vitest';
import { CONTEXT, createRig, release, requestsAt } from '../../../test/rigs/simulated-rig.ts';
import type { GateRun } from '../gate.ts';
import type { CounterRow } from '../observation.ts';
import { bucketOf, latencyQuantiles } from './latency-quantiles.ts';
import type { Rehearsal, SimulatedRelease } from './rehearsal.ts';
import { HEALTHY, PLAN, REHEARSAL, SPEC } from './sample-spec.ts';

const both = (v2: Partial<SimulatedRelease>): Pick<Rehearsal, 'releases'> => ({
  releases: { v1: HEALTHY, v2: { ...HEALTHY, ...v2 } },
});

function sum(rows: readonly CounterRow[] | null, key: 'requests' | 'errors' | 'timeouts' | 'traps'): number {
  return (rows ?? []).reduce((total, row) => total + row[key], 0);
}

describe('latency', () => {
  test('is log-normal through the median and the 99th percentile', () => {
    const [below, half, slow, most] = latencyQuantiles({ p50: 20, p99: 80 }, [10, 20, 80, 10_000]);
    expect(half).toBeCloseTo(0.5, 6);
    expect(slow).toBeCloseTo(0.99, 6);
    // ln 2 below the median, of which ln 4 is 2.3263 standard deviations: Φ(−1.1632).
    expect(below).toBeCloseTo(0.12238, 4);
    expect(most).toBeCloseTo(1, 6);
  });

  test('without a spread is the median', () => {
    expect(latencyQuantiles({ p50: 20, p99: 20 }, [10, 20, 50])).toEqual([0, 1, 1]);
    expect(latencyQuantiles({ p50: 0, p99: 0 }, [1, 2])).toEqual([1, 1]);
  });

  test('falls into the bucket of its share, or behind the last edge', () => {
    const picks = [0, 0.49, 0.5, 0.98, 0.99, 0.999].map((pace) => bucketOf([0.5, 0.99], pace));
    expect(picks).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test('is counted per replica with an edge at each objective, a timed-out request at the limit', () => {
    const judge = { ...PLAN.judge, slo: { errors: 0.01, p99: 300 } };
    const spec = { ...SPEC, strategy: { ...PLAN, judge }, limits: { ...SPEC.limits, request: 10_000 } };
    const v1 = { ...HEALTHY, timeouts: 0.1, latency: { p50: 20, p99: 80 } };
    const rig = createRig({ spec, releases: { v1, v2: HEALTHY }, traffic: 1000 });
    rig.goTo(20_000);
    const rows = rig.platform.truth().counters ?? [];
    const [row] = rows;
    expect(row?.latency.edges).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10_000]);
    const timeouts = sum(rows, 'timeouts');
    expect(Math.abs(timeouts / 20_000 - 0.1)).toBeLessThan(0.011);
    expect(sum(rows, 'errors')).toBe(timeouts);
    const all = rows.reduce<number[]>((total, { latency }) => latency.counts.map((n, at) => n + (total[at] ?? 0)), []);
    expect(all.reduce((total, count) => total + count, 0)).toBe(20_000);
    expect(all[13]).toBe(timeouts);
    // Half of those that were answered took at most 20 ms: five standard deviations of 18,000 draws are 0.019.
    const fast = all.slice(0, 5).reduce((total, count) => total + count, 0);
    expect(Math.abs(fast / (20_000 - timeouts) - 0.5)).toBeLessThan(0.019);
  });
});

describe('image platforms', () => {
  test('are spread over the replicas, and a release may do otherwise on one of them', async () => {
    const platforms = ['linux/amd64', 'linux/arm64'];
    const rig = createRig({ platforms, ...both({ platforms: { 'linux/arm64': { errors: 1 } } }) });
    await rig.scale(2, 4);
    await rig.route({ 2: 1 });
    rig.goTo(10_000);
    const rows = (rig.platform.truth().counters ?? []).filter((row) => row.release === 2);
    expect(rows.map(({ platform, requests, errors }) => [platform, requests, errors])).toEqual([
      ['linux/amd64', 250, 0],
      ['linux/arm64', 250, 250],
      ['linux/amd64', 250, 0],
      ['linux/arm64', 250, 250],
    ]);
  });
});

describe('gates', () => {
  const smoke: GateRun = { id: 'r smoke 1', release: 2, order: { gate: 'smoke', probes: [] } };
  const load: GateRun = {
    id: 'r load 1',
    release: 2,
    order: { gate: 'load', load: { path: '/', rate: 50, for: 20_000, p99: null, errors: 0 } },
  };

  test('pass at once unless the release says otherwise', async () => {
    const rig = createRig(both({ gates: { smoke: 'fail', load: 'pass', e2e: 'error' } }));
    await rig.scale(2, 1);
    await rig.gates([smoke, { ...smoke, id: 'r e2e 1', order: { gate: 'e2e' } }]);
    expect(rig.platform.truth().gates).toMatchObject({ 'r smoke 1': { kind: 'failed' }, 'r e2e 1': { kind: 'error' } });
    await rig.gates([]);
    expect(rig.platform.truth().gates).toEqual({});
  });

  test('take their time, once for each id, and end by what the release does then', async () => {
    const rig = createRig(both({ gateTakes: 4000 }));
    await rig.scale(2, 1);
    await rig.gates([smoke]);
    rig.goTo(3000);
    await rig.gates([smoke]);
    expect(rig.platform.truth().gates['r smoke 1']).toEqual({ kind: 'running' });
    expect(rig.platform.nextChange()).toBe(4000);
    rig.platform.setRelease('v2', { gates: { smoke: 'fail' } });
    rig.goTo(4000);
    expect(rig.platform.truth().gates['r smoke 1']).toMatchObject({ kind: 'failed' });
    expect(rig.platform.nextChange()).toBe(Infinity);
  });

  test('fail when nothing answers', async () => {
    const rig = createRig(both({ startsIn: 'never' }));
    await rig.scale(2, 1);
    await rig.gates([smoke]);
    expect(rig.platform.truth().gates['r smoke 1']).toMatchObject({ kind: 'failed' });
  });

  test('the load gate sends its rate for its time to that release alone, and no user sees it', async () => {
    const rig = createRig({ ...both({ errors: 0.5 }), traffic: 0 });
    await rig.scale(2, 1);
    await rig.gates([load]);
    rig.goTo(10_000);
    expect(requestsAt(rig.platform, 2)).toEqual({ direct: 500 });
    rig.goTo(60_000);
    expect(requestsAt(rig.platform, 2)).toEqual({ direct: 1000 });
    expect(rig.platform.truth().gates['r load 1']).toEqual({ kind: 'passed', summary: '1000 requests went well' });
    const [row] = rig.platform.truth().counters ?? [];
    expect(Math.abs((row?.errors ?? 0) / 1000 - 0.5)).toBeLessThan(0.08);
    expect(rig.platform.users().requests).toBe(0);
  });
});

describe('affinity', () => {
  const sticky: Partial<Rehearsal> = {
    spec: { ...SPEC, affinity: { kind: 'cookie', name: 'slipway' } },
    users: { count: 400, keyless: 0, match: 0, safe: 1 },
  };

  test('deals by key: raising the weight moves no key back, and about the weight of the requests moves', async () => {
    const rig = createRig({ ...sticky, traffic: 400 });
    await rig.scale(2, 5);
    for (const [index, weight] of [0.1, 0.25, 0.5, 1].entries()) {
      const shares = weight === 1 ? { 2: 1 } : { 1: 1 - weight, 2: weight };
      await rig.route(shares, { rollout: 's/e/1' });
      const before = requestsAt(rig.platform, 2)['split'] ?? 0;
      rig.goTo((index + 1) * 20_000);
      const got = ((requestsAt(rig.platform, 2)['split'] ?? 0) - before) / 8000;
      // 400 keys: five standard deviations of the share of keys are at most 0.125.
      expect(Math.abs(got - weight)).toBeLessThan(0.125);
    }
    expect(rig.platform.users().mostMoves).toBe(1);
  });

  test('counts a unit for each key and second, bad if any request was, and each key of a rollout as new once', async () => {
    const users = { count: 10, keyless: 0, match: 0, safe: 1 };
    const rig = createRig({
      ...sticky,
      users,
      traffic: 100,
      releases: { v1: { ...HEALTHY, errors: 0.5 }, v2: HEALTHY },
    });
    rig.goTo(30_000);
    const units = (rig.platform.truth().counters ?? []).map((row) => row.units);
    const total = (key: 'requests' | 'errors' | 'newKeys'): number =>
      units.reduce((sum, unit) => sum + (unit?.[key] ?? NaN), 0);
    expect(total('newKeys')).toBe(10);
    // Ten requests of each key in a second: nearly every key is there in each, and nearly each was hit.
    expect(total('requests')).toBeGreaterThan(290);
    expect(total('requests')).toBeLessThanOrEqual(300);
    expect(total('errors') / total('requests')).toBeGreaterThan(0.95);
    expect(sum(rig.platform.truth().counters, 'requests')).toBe(3000);
  });

  test('leaves requests without a key to the exact split, each a unit of its own', async () => {
    const rig = createRig({ ...sticky, users: { count: 10, keyless: 1, match: 0, safe: 1 } });
    await rig.scale(2, 5);
    await rig.route({ 1: 0.9, 2: 0.1 }, { rollout: 's/e/1' });
    rig.goTo(100_000);
    expect(requestsAt(rig.platform, 2)).toEqual({ split: 1000 });
    const units = (rig.platform.truth().counters ?? []).filter((row) => row.release === 2).map((row) => row.units);
    expect(units.reduce((total, unit) => total + (unit?.requests ?? 0), 0)).toBe(1000);
  });
});

describe('requests that are not split', () => {
  test('with the headers of a match go to its release, whatever the shares', async () => {
    const rig = createRig({ users: { ...REHEARSAL.users, match: 0.05 } });
    await rig.scale(2, 1);
    await rig.route({ 1: 1 }, { match: { headers: { canary: 'true' }, release: 2 } });
    rig.goTo(100_000);
    const { match = 0, ...rest } = requestsAt(rig.platform, 2);
    expect(rest).toEqual({});
    expect(Math.abs(match / 10_000 - 0.05)).toBeLessThan(0.011);
    expect(requestsAt(rig.platform, 1)).toEqual({ split: 10_000 - match });
  });

  test('are copies of safe ones by exactly the share of the mirror, and users see no copy', async () => {
    const rig = createRig({ ...both({ errors: 1 }), users: { ...REHEARSAL.users, safe: 0.5 } });
    await rig.scale(2, 1);
    await rig.route({ 1: 1 }, { mirror: { release: 2, share: 0.2 } });
    rig.goTo(100_000);
    const copies = requestsAt(rig.platform, 2)['mirror'] ?? 0;
    expect(Math.abs(copies / 10_000 - 0.1)).toBeLessThan(0.006);
    expect(rig.platform.users()).toMatchObject({ requests: 10_000, errors: 0 });
  });
});

describe('metrics', () => {
  const counted = async (rig: ReturnType<typeof createRig>): Promise<number | null> => {
    const { counters } = await rig.platform.observe(CONTEXT);
    return counters === null ? null : sum(counters, 'requests');
  };

  test('that are flaky answer in every other second', async () => {
    const rig = createRig();
    rig.platform.setMetrics('flaky');
    const seen: (number | null)[] = [];
    for (const time of [1000, 2000, 3000, 4000]) {
      rig.goTo(time);
      seen.push(await counted(rig));
    }
    expect(seen).toEqual([null, 200, null, 400]);
  });

  test('that are partial miss every second replica', async () => {
    const rig = createRig();
    rig.platform.setMetrics('partial');
    rig.goTo(10_000);
    expect(await counted(rig)).toBe(600);
  });

  test('that are late tell what was so a while ago', async () => {
    const rig = createRig({ events: [{ at: 0, action: { kind: 'metrics', state: 'late' } }] });
    rig.platform.setMetrics('late');
    rig.goTo(10_000);
    expect(await counted(rig)).toBe(0);
    rig.goTo(40_000);
    expect(await counted(rig)).toBe(2500);
  });
});

test('a release that can not be loaded, or whose secrets are gone, says so when asked, and starts no replica', async () => {
  const rig = createRig(both({ loadable: false }));
  const why = (): Promise<string | null> => rig.platform.check(CONTEXT, release(2));
  expect(await why()).toBe('its module can not be loaded any more');
  await rig.scale(2, 1);
  expect(rig.platform.truth().releases[2]).toMatchObject({
    ready: 0,
    failure: 'its module can not be loaded any more',
  });
  rig.platform.setRelease('v2', { loadable: true, secrets: 'gone' });
  expect(await why()).toBe('the versions of its secrets are gone');
  rig.platform.setRelease('v2', { secrets: 'there' });
  expect([await why(), rig.platform.truth().releases[2]?.ready]).toEqual([null, 1]);
});

test('replicas that crash are not ready, and the platform says why', async () => {
  const rig = createRig();
  rig.platform.setRelease('v1', { crashes: true });
  expect(rig.platform.truth().releases[1]).toMatchObject({ ready: 0, restarts: 5 });
  expect(rig.platform.truth().releases[1]?.failure).toBe('its replicas end as soon as they start');
  rig.platform.setRelease('v1', { crashes: false });
  expect(rig.platform.truth().releases[1]).toMatchObject({ ready: 5, failure: null });
});
