/** Who drives, on a real API server under the least rights. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { connectCluster } from '../../src/platforms/kubernetes/index.ts';
import { createLeaseDrivers, type LeaseDrivers } from '../../src/platforms/kubernetes/lease.ts';
import { until } from '../rigs/agent-rig.ts';
import { type ClusterRig, clusterAtHand, createClusterRig, type NamespaceRig } from '../rigs/cluster-rig.ts';

const KEY = 'greeter/production';
const DURATION = 2000;

describe.skipIf(!(await clusterAtHand()))('the Lease of an environment', () => {
  let cluster: ClusterRig;
  const opened: LeaseDrivers[] = [];
  beforeAll(async () => {
    cluster = await createClusterRig();
  });
  afterEach(() => opened.splice(0).forEach((drivers) => drivers.close()));
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const machine = async (place: NamespaceRig, name: string): Promise<LeaseDrivers> => {
    const target = { kubeconfig: place.kubeconfig, context: null, namespace: place.name };
    const client = await connectCluster({ target, clock: systemClock, environment: {} });
    const store = { entries: () => Promise.resolve(null) };
    const driver = { name, home: name, pid: process.pid };
    const drivers = createLeaseDrivers({ client, store, clock: systemClock, driver, duration: DURATION });
    opened.push(drivers);
    return drivers;
  };

  test('is had by one of five, kept up, wished for, handed over and released', async () => {
    const place = await cluster.namespace({ prefix: 'lease' });
    const machines = await Promise.all(['ana', 'ben', 'eva', 'ida', 'uwe'].map((name) => machine(place, name)));
    const taken = await Promise.all(machines.map((drivers) => drivers.take(KEY, { wish: false })));
    const first = taken.findIndex((tenure) => tenure !== null);
    expect(taken.filter((tenure) => tenure !== null)).toHaveLength(1);
    const [holder, next] = [taken[first]!, machines[(first + 1) % 5]!];
    const end = performance.now() + 2 * DURATION;
    while (performance.now() < end) {
      expect(await next.take(KEY, { wish: false })).toBeNull();
      await systemClock.sleep(100);
    }
    expect(holder.holds()).toBe(true);
    // Between a read and a write the holder may renew: so it is asked again, as whoever waits does.
    await until(async () => (await next.take(KEY, { wish: true })) === null && holder.wanted());
    await holder.release();
    const other = machines[(first + 2) % 5]!;
    expect(await other.take(KEY, { wish: false })).toBeNull();
    const second = await next.take(KEY, { wish: true });
    expect(second?.wanted()).toBe(false);
    await until(async () => second?.holds() === true);
    await second?.release();
    // Who only stands by sees it when its watch has told it.
    await until(async () => (await other.take(KEY, { wish: false })) !== null);
  });

  test('is lost by a machine that does not reach the server, before another may have it', async () => {
    const place = await cluster.namespace({ prefix: 'lease' });
    const ana = await machine(place, 'ana');
    const tenure = await ana.take(KEY, { wish: false });
    const ben = await machine(place, 'ben');
    await ben.take(KEY, { wish: false });
    // It may not write it any more: that is as good as being cut off.
    const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${place.name}/rolebindings/slipway`;
    await cluster.admin.demand('DELETE', path);
    await until(async () => tenure?.lost.aborted === true);
    expect(tenure?.holds()).toBe(false);
    expect(tenure?.lost.reason).toMatchObject({ code: 'kubernetes/lost-lease' });
  });
});
