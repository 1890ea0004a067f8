/** The platform on a real cluster: what it makes, what it sees, and that it writes nothing twice. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnvironmentContext, Observation, RouteEffect } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import type { KubernetesPlatform } from '../../src/platforms/kubernetes/index.ts';
import { secretName } from '../../src/platforms/kubernetes/names.ts';
import {
  type SampleChange,
  sampleRelease,
  sampleRoute,
} from '../../src/platforms/kubernetes/objects/sample-context.ts';
import { platformContract } from '../contracts/platform-contract.ts';
import { type ClusterRig, clusterAtHand, createClusterRig } from '../rigs/cluster-rig.ts';
import { WRITES } from './audit-log.ts';
import { createStage, RELEASES, type Stage } from './platform-stage.ts';

const LABELS = { 'slipway.dev/service': 'greeter', 'slipway.dev/environment': 'production' };

describe.skipIf(!(await clusterAtHand()))('the platform on a cluster', () => {
  let cluster: ClusterRig;
  const platforms: KubernetesPlatform[] = [];
  beforeAll(async () => {
    cluster = await createClusterRig();
  });
  afterAll(async () => {
    for (const platform of platforms) platform.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  const stage = (kubernetes: NonNullable<SampleChange['kubernetes']>): Promise<Stage> =>
    createStage(cluster, kubernetes, platforms);
  const scale = (release: number, replicas: number) => ({ kind: 'scale', release, replicas }) as const;
  const route = (shares: Record<number, number>, change: Partial<RouteEffect> = {}) => sampleRoute(shares, change);
  const seen = async (
    { first, context }: Stage,
    wanted: (now: Observation) => boolean,
    patience = 20_000,
  ): Promise<Observation> => {
    const deadline = performance.now() + patience;
    for (;;) {
      const now = await first.observe(context);
      if (wanted(now)) return now;
      if (performance.now() > deadline) throw new Error(`never seen; the last was ${JSON.stringify(now)}`);
      await systemClock.sleep(20);
    }
  };
  const up = async (on: Stage, ...sizes: readonly (readonly [number, number])[]): Promise<void> => {
    for (const [release, replicas] of sizes) await on.first.apply(on.context, scale(release, replicas));
    await seen(on, ({ releases }) => sizes.every(([release, replicas]) => releases[release]?.ready === replicas));
  };
  const writes = ({ rig }: Stage): number => rig.audit({ verbs: WRITES }).length;
  const settled = async (on: Stage): Promise<number> => {
    // The audit log is written a moment after the answer.
    await systemClock.sleep(300);
    return writes(on);
  };

  describe('with a plain Service', () => {
    test('at first nothing runs; what is scaled is wanted at once and ready in time, and the watcher is told', async () => {
      const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
      const { first, context } = on;
      expect(await first.observe(context)).toEqual({ releases: {}, traffic: {}, counters: [], gates: {} });
      let told = 0;
      first.watch(context.key, () => (told += 1));
      await first.apply(context, scale(1, 2));
      expect((await first.observe(context)).releases[1]).toMatchObject({ desired: 2, failure: null });
      await seen(on, ({ releases }) => releases[1]?.ready === 2);
      expect(told).toBeGreaterThanOrEqual(1);
    });

    test('what is so already is not written again, by this driver or the next', async () => {
      const on = await stage({
        traffic: 'service',
        gateway: null,
        hosts: [],
        resources: { cpu: '0.5', memory: '64Mi' },
      });
      await up(on, [1, 1]);
      await on.first.apply(on.context, route({ 1: 1 }));
      const before = await settled(on);
      for (const platform of [on.first, on.platform()]) {
        for (const effect of [scale(1, 1), route({ 1: 1 })]) await platform.apply(on.context, effect);
        expect((await platform.observe(on.context)).traffic).toEqual({ 1: 1 });
      }
      expect(await settled(on)).toBe(before);
      await on.platform().apply(on.context, scale(1, 2));
      expect(await settled(on)).toBe(before + 1);
    });

    test('blue-green is one switch of the selector', async () => {
      const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
      await up(on, [1, 2], [2, 2]);
      await on.first.apply(on.context, route({ 1: 1 }));
      const before = await settled(on);
      await on.first.apply(on.context, route({ 2: 1 }));
      expect((await on.first.observe(on.context)).traffic).toEqual({ 2: 1 });
      expect(await settled(on)).toBe(before + 1);
      const [service] = await on.rig.objects('v1', 'services', LABELS);
      expect(service?.['spec']).toMatchObject({ selector: { ...LABELS, 'slipway.dev/release': '2' } });
    });

    test('several releases get the shares of their ready pods, those that come later too', async () => {
      const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
      await up(on, [1, 3], [2, 1], [3, 1]);
      await on.first.apply(on.context, route({ 1: 1 }));
      await on.first.apply(on.context, route({ 1: 0.75, 2: 0.25 }));
      expect((await on.first.observe(on.context)).traffic).toEqual({ 1: 0.75, 2: 0.25 });
      await on.first.apply(on.context, scale(2, 3));
      await seen(on, ({ traffic }) => traffic?.[2] === 0.5);
      await on.first.apply(on.context, route({ 2: 0.75, 3: 0.25 }));
      expect((await on.first.observe(on.context)).traffic).toEqual({ 2: 0.75, 3: 0.25 });
      await on.first.apply(on.context, route({ 3: 1 }));
      expect((await on.first.observe(on.context)).traffic).toEqual({ 3: 1 });
    });

    test('a split that has lost its pods is seen as none; said again, it is in force', async () => {
      const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
      await up(on, [1, 1], [2, 1]);
      await on.first.apply(on.context, route({ 1: 0.5, 2: 0.5 }));
      for (const { metadata } of await on.rig.objects('v1', 'pods', LABELS)) {
        const content = { metadata: { labels: { 'slipway.dev/exposed': null } } };
        const path = `/api/v1/namespaces/${on.rig.name}/pods/${metadata.name}`;
        await cluster.admin.demand('PATCH', path, { content, type: 'application/merge-patch+json' });
      }
      // A look that still sees one of them with its label would give it to its like.
      await systemClock.sleep(500);
      expect((await on.first.observe(on.context)).traffic).toEqual({});
      await on.first.apply(on.context, route({ 1: 0.5, 2: 0.5 }));
      await seen(on, ({ traffic }) => traffic?.[1] === 0.5 && traffic[2] === 0.5);
    });

    test('removed, nothing of it is left and nothing of anybody else is touched', async () => {
      const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
      const core = `/api/v1/namespaces/${on.rig.name}`;
      const foreign = { metadata: { name: 'greeter-production-x', labels: LABELS }, data: { of: 'somebody else' } };
      await cluster.admin.demand('POST', `${core}/configmaps`, { content: foreign });
      await cluster.admin.demand('POST', `${core}/services`, {
        content: { metadata: { name: 'other', labels: LABELS }, spec: { ports: [{ port: 80 }], selector: LABELS } },
      });
      await up(on, [1, 1], [2, 1]);
      await on.first.apply(on.context, route({ 2: 1 }));
      for (const effect of [route({}), scale(1, 0), scale(2, 0)]) await on.first.apply(on.context, effect);
      expect(await on.first.observe(on.context)).toMatchObject({ releases: {}, traffic: {} });
      const names = async (apiVersion: string, plural: string): Promise<readonly string[]> =>
        (await on.rig.objects(apiVersion, plural, LABELS)).map(({ metadata }) => metadata.name);
      expect(await names('v1', 'services')).toEqual(['other']);
      expect(await names('v1', 'configmaps')).toEqual(['greeter-production-x']);
      expect(await names('v1', 'serviceaccounts')).toEqual([]);
      expect(await names('apps/v1', 'deployments')).toEqual([]);
      expect(await names('policy/v1', 'poddisruptionbudgets')).toEqual([]);
      const before = await settled(on);
      await on.first.apply(on.context, route({}));
      expect(await settled(on)).toBe(before);
    });
  });

  describe('with a Gateway', () => {
    test('a split replaces the one before it, and counts when the Gateway has taken it over', async () => {
      const on = await stage({ traffic: 'gateway-api' });
      const gateway = on.rig.playGateway();
      await up(on, [1, 1], [2, 1], [3, 1]);
      const third = 1 / 3;
      for (const shares of [{ 1: 1 }, { 1: 0.75, 2: 0.25 }, { 1: third, 2: third, 3: third }, { 2: 1 }]) {
        await on.first.apply(on.context, route(shares));
        expect((await on.first.observe(on.context)).traffic).toEqual(shares);
      }
      gateway.takes(Infinity);
      await expect(on.first.apply(on.context, route({ 1: 1 }))).rejects.toMatchObject({
        code: 'kubernetes/route-not-in-force',
      });
      expect((await on.first.observe(on.context)).traffic).toBeNull();
    });

    test('what a foreign hand has made of the route is seen, and is not overwritten by force', async () => {
      const on = await stage({ traffic: 'gateway-api' });
      on.rig.playGateway();
      await up(on, [1, 1], [2, 1]);
      await on.first.apply(on.context, route({ 1: 0.75, 2: 0.25 }));
      const [found] = await on.rig.objects('gateway.networking.k8s.io/v1', 'httproutes');
      const spec = found?.['spec'] as { rules: { backendRefs: { weight: number }[] }[] };
      for (const backend of spec.rules[0]?.backendRefs ?? []) backend.weight = 1;
      const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${on.rig.name}/httproutes/greeter-production`;
      const type = 'application/merge-patch+json';
      await cluster.admin.demand('PATCH', `${path}?fieldManager=somebody`, { content: { spec }, type });
      await seen(on, ({ traffic }) => traffic?.[1] === 0.5 && traffic[2] === 0.5);
      await expect(on.first.apply(on.context, route({ 1: 0.75, 2: 0.25 }))).rejects.toMatchObject({
        code: 'kubernetes/conflict',
        message: expect.stringContaining('"somebody" holds .spec.rules') as string,
      });
    });

    test('users who ask by header, and copies, go with a split that is not written twice', async () => {
      const on = await stage({ traffic: 'gateway-api' });
      on.rig.playGateway();
      await up(on, [1, 1], [2, 1]);
      const effect = route(
        { 1: 1 },
        { match: { headers: { 'x-canary': 'yes' }, release: 2 }, mirror: { release: 2, share: 0.1 } },
      );
      await on.first.apply(on.context, effect);
      const before = await settled(on);
      await on.platform().apply(on.context, effect);
      expect(await settled(on)).toBe(before);
      await on.first.apply(on.context, route({ 1: 1 }));
      expect(await settled(on)).toBe(before + 1);
    });
  });

  // No request reaches a played pod, so there is nothing to count.
  platformContract(
    'a cluster',
    async () => {
      const on = await stage({ traffic: 'gateway-api' });
      on.rig.playGateway();
      return {
        platform: on.first,
        context: on.context,
        pass: () => systemClock.sleep(25),
        async close() {
          on.first.close();
          await on.rig.remove();
        },
      };
    },
    { counts: false },
  );

  test('with Istio the VirtualService says it', async () => {
    const on = await stage({ traffic: 'istio', gateway: null });
    await up(on, [1, 1], [2, 1]);
    await on.first.apply(on.context, route({ 1: 0.9, 2: 0.1 }));
    expect((await on.first.observe(on.context)).traffic).toEqual({ 1: 0.9, 2: 0.1 });
    const before = await settled(on);
    await on.platform().apply(on.context, route({ 1: 0.9, 2: 0.1 }));
    expect(await settled(on)).toBe(before);
    await on.first.apply(on.context, route({}));
    expect((await on.first.observe(on.context)).traffic).toEqual({});
  });

  test.each([{ traffic: 'istio' }, { traffic: 'gateway-api' }, { traffic: 'service' }] as const)(
    'a driver that sees the past overwrites nothing of what the next one did ($traffic)',
    async ({ traffic }) => {
      const on = await stage({ traffic, ...(traffic === 'gateway-api' ? {} : { gateway: null, hosts: [] }) });
      on.rig.playGateway();
      const late = on.late();
      await up(on, [1, 1], [2, 1]);
      await on.first.apply(on.context, route({ 1: 1 }));
      await expect.poll(async () => (await late.platform.observe(on.context)).traffic).toEqual({ 1: 1 });
      late.sleep();
      await on.first.apply(on.context, route({ 2: 1 }));
      await on.first.apply(on.context, scale(1, 3));
      const changed = { code: 'kubernetes/changed', retryable: true };
      await expect(late.platform.apply(on.context, route({ 3: 1 }))).rejects.toMatchObject(changed);
      await expect(late.platform.apply(on.context, scale(1, 2))).rejects.toMatchObject(changed);
      const now = await on.first.observe(on.context);
      expect([now.traffic, now.releases[1]?.desired]).toEqual([{ 2: 1 }, 3]);
    },
  );

  describe('what a pod says becomes the failure of its release', () => {
    test.each([
      [
        'an image that can not be pulled',
        { waits: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x": not found' } },
        'ImagePullBackOff: Back-off pulling image "x": not found',
      ],
      [
        'a crash loop, with its last words',
        { crashes: { after: 50, again: 60_000, code: 101, lastWords: 'panicked at main.rs:1' } },
        'CrashLoopBackOff: exit code 101: panicked at main.rs:1',
      ],
    ])('%s', async (_name, played, words) => {
      const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
      await on.rig.play([played]);
      await on.first.apply(on.context, scale(1, 2));
      const now = await seen(on, ({ releases }) => (releases[1]?.failure ?? null) !== null);
      expect(now.releases[1]).toMatchObject({ desired: 2, ready: 0, failure: words });
    });

    test('a quota that lets no pod be made', async () => {
      const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
      const content = { metadata: { name: 'few' }, spec: { hard: { pods: '1' } } };
      await cluster.admin.demand('POST', `/api/v1/namespaces/${on.rig.name}/resourcequotas`, { content });
      // Until it has been counted once, it bounds nothing.
      await expect
        .poll(async () => (await on.rig.objects('v1', 'resourcequotas'))[0]?.['status'], { timeout: 20_000 })
        .toMatchObject({ hard: { pods: '1' } });
      await on.first.apply(on.context, scale(1, 3));
      const now = await seen(on, ({ releases }) => (releases[1]?.failure ?? null) !== null);
      expect(now.releases[1]?.failure).toMatch(/^FailedCreate: .*exceeded quota: few/);
      expect(now.releases[1]?.desired).toBe(3);
    });

    test('pods for which there is no node, after a while', async () => {
      const on = await stage({
        traffic: 'service',
        gateway: null,
        hosts: [],
        resources: { cpu: '100k', memory: null },
      });
      await on.first.apply(on.context, scale(1, 1));
      await systemClock.sleep(1000);
      expect((await on.first.observe(on.context)).releases[1]?.failure).toBeNull();
      const now = await seen(on, ({ releases }) => (releases[1]?.failure ?? null) !== null);
      expect(now.releases[1]?.failure).toMatch(/^Unschedulable: .*Insufficient cpu/);
    });

    test('a deadline that is over, while nothing else is wrong', async () => {
      const base = await stage({ traffic: 'service', gateway: null, hosts: [] });
      const strategy = { ...base.context.spec.strategy, deadline: 2000 };
      const on: Stage = { ...base, context: { ...base.context, spec: { ...base.context.spec, strategy } } };
      await on.rig.play([{ startsIn: 'never' }]);
      await on.first.apply(on.context, scale(1, 1));
      const now = await seen(on, ({ releases }) => (releases[1]?.failure ?? null) !== null);
      expect(now.releases[1]?.failure).toMatch(/^ProgressDeadlineExceeded: /);
    });
  });

  test('scaled down, the pods that are not ready go first', async () => {
    const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
    await on.rig.play([{ maxReady: 2 }]);
    await on.first.apply(on.context, scale(1, 4));
    await seen(on, ({ releases }) => releases[1]?.ready === 2);
    const before = await on.rig.objects('v1', 'pods', LABELS);
    await on.first.apply(on.context, scale(1, 2));
    let fewest = 2;
    await seen(on, ({ releases }) => {
      fewest = Math.min(fewest, releases[1]?.ready ?? 0);
      return releases[1]?.desired === 2;
    });
    await systemClock.sleep(1000);
    const now = await seen(on, ({ releases }) => releases[1]?.ready === 2);
    expect([before.length, fewest, now.releases[1]?.ready]).toEqual([4, 2, 2]);
  });

  test('the pods of a release stay as they are when the environment has other settings by now', async () => {
    const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
    await up(on, [1, 1]);
    const kubernetes = { ...on.context.spec.kubernetes, resources: { cpu: '2', memory: null } };
    const context = { ...on.context, spec: { ...on.context.spec, kubernetes } } as EnvironmentContext;
    await on.first.apply(context, scale(1, 3));
    await seen(on, ({ releases }) => releases[1]?.ready === 3);
    const [deployed] = await on.rig.objects('apps/v1', 'deployments');
    expect(deployed?.metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1' });
    expect(JSON.stringify(deployed?.['spec'])).not.toContain('"cpu"');
  });

  test('a release that could not be started here says why', async () => {
    const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
    const [one] = RELEASES;
    if (one === undefined) throw new Error('there is none');
    expect(await on.first.check(on.context, one)).toBeNull();
    const secret = sampleRelease(2, { secrets: { DATABASE_URL: 'abc' } });
    expect(await on.first.check(on.context, secret)).toMatch(
      /version of the secret DATABASE_URL .* not in the cluster/,
    );
    const version = { metadata: { name: secretName(on.context.key, 'DATABASE_URL', 'abc') } };
    await cluster.admin.demand('POST', `/api/v1/namespaces/${on.rig.name}/secrets`, { content: version });
    expect(await on.first.check(on.context, secret)).toBeNull();
    const content = { metadata: { name: 'none' }, spec: { hard: { 'count/deployments.apps': '0' } } };
    await cluster.admin.demand('POST', `/api/v1/namespaces/${on.rig.name}/resourcequotas`, { content });
    await expect.poll(() => on.first.check(on.context, one), { timeout: 10_000 }).toMatch(/exceeded quota: none/);
    // Nothing of it is there: the first thing that is refused is refused before anything is made.
    await expect(on.first.apply(on.context, scale(1, 1))).rejects.toMatchObject({ code: 'kubernetes/quota' });
    expect(await on.rig.objects('v1', 'configmaps', LABELS)).toEqual([]);
  });

  test('gates that somebody asks for are an error that says so', async () => {
    const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
    const run = { id: 'g', release: 1, order: { gate: 'e2e' } } as const;
    await on.first.apply(on.context, { kind: 'gates', runs: [run] });
    expect((await on.first.observe(on.context)).gates).toMatchObject({ g: { kind: 'error' } });
  });

  test('an API server that is restarted in the middle is survived', async ({ skip }) => {
    const { local } = cluster;
    if (local === null) return skip("somebody else's cluster is not restarted");
    const on = await stage({ traffic: 'service', gateway: null, hosts: [] });
    await up(on, [1, 1]);
    await on.first.apply(on.context, route({ 1: 1 }));
    await local.kill('kube-apiserver');
    // What was seen last counts for a little.
    expect((await on.first.observe(on.context)).releases[1]?.ready).toBe(1);
    const starting = local.start('kube-apiserver');
    await expect(on.first.apply(on.context, scale(2, 2))).resolves.toBeUndefined();
    await starting;
    await seen(on, ({ releases }) => releases[2]?.ready === 2, 60_000);
    await on.first.apply(on.context, route({ 2: 1 }));
    expect((await on.first.observe(on.context)).traffic).toEqual({ 2: 1 });
  });
});
