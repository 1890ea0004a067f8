import { expect, test } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../test/rigs/memory-cluster.ts';
import type { Tenure } from '../../delivery/index.ts';
import { createManualClock } from '../../kernel/clock.ts';
import { createLeaseDrivers } from './lease.ts';

const KEY = 'greeter/production';
const NAME = 'Lease/greeter-production-slipway';
const DURATION = 15_000;

/** A machine with a clock of its own. */
function machine(cluster: MemoryCluster, name: string, { home = name, pid = 1 } = {}) {
  const clock = createManualClock(name === 'ana' ? 1_000_000 : 50);
  const options = { client: cluster.client(), store: { entries: () => Promise.resolve(null) }, clock };
  const drivers = createLeaseDrivers({ ...options, driver: { name: `${name}@host`, home, pid }, duration: DURATION });
  return {
    clock,
    drivers,
    take: (wish = false): Promise<Tenure | null> => drivers.take(KEY, { wish }),
  };
}

/** Time goes on for all of them, second by second. */
async function seconds(count: number, ...machines: readonly ReturnType<typeof machine>[]): Promise<void> {
  for (let second = 0; second < count; second += 1) for (const { clock } of machines) await clock.advance(1000);
}

test('one of two that take it at once has it, and says who it is', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben] = [machine(cluster, 'ana'), machine(cluster, 'ben')];
  const tenures = await Promise.all([ana.take(), ben.take()]);
  expect(tenures.filter((tenure) => tenure !== null)).toHaveLength(1);
  await ben.take();
  expect(ben.drivers.holder(KEY)).toBe(tenures[0] === null ? 'ben@host' : 'ana@host');
  const { spec } = cluster.objects.get(NAME) as unknown as { spec: Record<string, unknown> };
  expect(spec).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: 0 });
  expect(spec['acquireTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test('who renews keeps it, however the clocks differ', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben] = [machine(cluster, 'ana'), machine(cluster, 'ben')];
  const tenure = await ana.take();
  for (let round = 0; round < 60; round += 1) {
    await seconds(1, ana, ben);
    expect(await ben.take()).toBeNull();
  }
  expect(tenure?.holds()).toBe(true);
  expect(tenure?.lost.aborted).toBe(false);
});

test('a dead holder is waited for as long as its Lease counts, by the clock of who waits', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben] = [machine(cluster, 'ana'), machine(cluster, 'ben')];
  await ana.take();
  await seconds(14, ben);
  // It has not looked until now, so it can't know when the last renewal was.
  expect(await ben.take()).toBeNull();
  await seconds(14, ben);
  expect(await ben.take()).toBeNull();
  await seconds(2, ben);
  expect(await ben.take()).not.toBeNull();
});

test('who could not renew for two thirds of it has lost it, before another may have it', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben] = [machine(cluster, 'ana'), machine(cluster, 'ben')];
  const tenure = await ana.take();
  await ben.take();
  cluster.unreachable = true;
  await seconds(9, ana, ben);
  expect(tenure?.holds()).toBe(true);
  await seconds(2, ana, ben);
  expect(tenure?.holds()).toBe(false);
  expect(tenure?.lost.reason).toMatchObject({ code: 'kubernetes/lost-lease', kind: 'unreachable' });
  cluster.unreachable = false;
  expect(await ben.take()).toBeNull();
  await seconds(5, ana, ben);
  expect(await ben.take()).not.toBeNull();
  await tenure?.release();
  expect(await ana.take()).toBeNull();
});

test('a process that was stopped past its Lease says so before any timer of it has run', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben] = [machine(cluster, 'ana'), machine(cluster, 'ben')];
  let asleep = 0;
  const clock = { ...ana.clock, monotonic: () => ana.clock.monotonic() + asleep };
  const stopped = createLeaseDrivers({
    client: cluster.client(),
    store: { entries: () => Promise.resolve(null) },
    clock,
    driver: { name: 'ana@host', home: 'a', pid: 2 },
  });
  const tenure = await stopped.take(KEY, { wish: false });
  await ben.take();
  await seconds(16, ben);
  expect(await ben.take()).not.toBeNull();
  asleep = 16_000;
  expect(tenure?.holds()).toBe(false);
  expect(tenure?.lost.aborted).toBe(false);
  await ana.clock.advance(3000);
  expect(tenure?.lost.aborted).toBe(true);
});

test('a machine that was suspended, whose monotonic clock stood still, renews before it acts', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben] = [machine(cluster, 'ana'), machine(cluster, 'ben')];
  let suspended = 0;
  const clock = { ...ana.clock, wall: () => ana.clock.wall() + suspended };
  const closed = createLeaseDrivers({
    client: cluster.client(),
    store: { entries: () => Promise.resolve(null) },
    clock,
    driver: { name: 'ana@laptop', home: 'a', pid: 2 },
  });
  const tenure = await closed.take(KEY, { wish: false });
  suspended = 11_000;
  expect(tenure?.holds()).toBe(false);
  await ana.clock.advance(4000);
  expect(tenure?.holds()).toBe(true);
  await ben.take();
  suspended = 60_000;
  await seconds(16, ben);
  expect(await ben.take()).not.toBeNull();
  expect(tenure?.holds()).toBe(false);
  await ana.clock.advance(4000);
  expect(tenure?.lost.aborted).toBe(true);
});

test('a wish is told to the holder, and the one who told it comes before those who stand by', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben, eva] = [machine(cluster, 'ana'), machine(cluster, 'ben'), machine(cluster, 'eva')];
  const tenure = await ana.take();
  expect(tenure?.wanted()).toBe(false);
  expect(await ben.take(true)).toBeNull();
  expect(tenure?.wanted()).toBe(true);
  await seconds(4, ana, ben);
  expect(tenure?.holds()).toBe(true);
  await tenure?.release();
  expect(await eva.take()).toBeNull();
  expect(await ana.take()).toBeNull();
  const next = await ben.take(true);
  expect(next?.wanted()).toBe(false);
  await next?.release();
  expect(await ana.take()).not.toBeNull();
});

test('who told its wish and never came is not waited for for ever', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben] = [machine(cluster, 'ana'), machine(cluster, 'ben')];
  const tenure = await ana.take();
  await ben.take(true);
  await tenure?.release();
  expect(await ana.take()).toBeNull();
  await seconds(16, ana);
  expect(await ana.take()).not.toBeNull();
});

test('a dead agent of the same home is not waited for', async () => {
  const cluster = createMemoryCluster();
  await machine(cluster, 'ana', { pid: 7 }).take();
  expect(await machine(cluster, 'ana', { pid: 8 }).take()).not.toBeNull();
});

test('who watches hears of a wish, of a release and of a new record', async () => {
  const cluster = createMemoryCluster();
  const [ana, ben] = [machine(cluster, 'ana'), machine(cluster, 'ben')];
  const heard: string[] = [];
  let now = '';
  const end = ana.drivers.watch(KEY, () => heard.push(now));
  now = 'taken';
  const tenure = await ana.take();
  now = 'wished';
  await ben.take(true);
  now = 'released';
  await tenure?.release();
  end();
  now = 'over';
  await ben.take(true);
  expect([...new Set(heard)]).toEqual(['taken', 'wished', 'released']);
});
