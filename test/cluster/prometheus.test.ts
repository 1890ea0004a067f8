/** The replica host as images carry it, scraped by the real Prometheus as our guide says, read by the judge. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CounterRow, EnvironmentContext, KubernetesSpec, Platform } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { IMAGE_LATENCY_EDGES } from '../../src/oci/index.ts';
import { prepareModule } from '../../src/platforms/embedded/replica/prepare-module.ts';
import { createPrometheusSource } from '../../src/platforms/kubernetes/prometheus/index.ts';
import { createRig, createWorld, SPEC } from '../rigs/engine-rig.ts';
import { createPrometheus, debianPrometheus, type RigPrometheus } from '../rigs/prometheus-rig.ts';
import { type ReplicaPod, startReplicaPod } from '../rigs/replica-pod.ts';
import { MISBEHAVE } from '../rigs/replica-rig.ts';
import { CONTEXT } from '../rigs/simulated-rig.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Scene {
  readonly prometheus: RigPrometheus;
  readonly context: EnvironmentContext;
  /** Two of release 1 and one of release 2. */
  readonly pods: readonly [ReplicaPod, ReplicaPod, ReplicaPod];
}

const program = await debianPrometheus();
if (program === null) {
  process.stdout.write('SKIPPED: the tests with a real Prometheus. `apt-get download prometheus` gives none here.\n');
}

const folder = temporaryFolder('slipway-prometheus-');
const source = createPrometheusSource({ clock: systemClock });
let scene: Scene;

beforeAll(async () => {
  if (program === null) return;
  execFileSync(process.execPath, ['build.ts'], { cwd: ROOT });
  const bundle = join(folder, 'replica.mjs');
  copyFileSync(join(ROOT, 'dist/replica.js'), bundle);
  const transpiled = await prepareModule({ bytes: readFileSync(MISBEHAVE), cacheFolder: folder });
  const start = (name: string, release: number) =>
    startReplicaPod({ name, release, folder, program: bundle, transpiled });
  const pods = [await start('a', 1), await start('b', 1), await start('c', 2)] as const;
  const scraped = pods.map(({ name: pod, release, metrics: address }) => {
    return { address, service: 'herald', environment: 'local', release, pod };
  });
  const prometheus = await createPrometheus(program, folder, scraped);
  await prometheus.start();
  const kubernetes: KubernetesSpec = {
    namespace: 'shop',
    traffic: 'service',
    gateway: null,
    hosts: [],
    runtimeClass: null,
    repository: 'r',
    pullSecret: null,
    resources: { cpu: null, memory: null },
    prometheus: {
      url: prometheus.url,
      series: { requests: 'slipway_requests_total', latency: 'slipway_request_duration_seconds' },
      labels: { release: 'slipway_release', pod: 'pod' },
    },
  };
  scene = { prometheus, pods, context: { ...CONTEXT, key: 'herald/local', spec: { ...SPEC, kubernetes } } };
});

afterAll(async () => {
  if (scene !== undefined) {
    await Promise.all(scene.pods.map((pod) => pod.ended('SIGKILL')));
    await scene.prometheus.stop();
  }
  rmSync(folder, { recursive: true });
});

/** Of one pod, when Prometheus has seen what was sent to it. */
async function caughtUp({ name, sent }: ReplicaPod): Promise<CounterRow> {
  for (let tries = 0; tries < 200; tries += 1) {
    const row = (await source.read(scene.context))?.find(({ replica }) => replica === name);
    if (row?.requests === sent.requests) return row;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Prometheus does not tell the ${sent.requests} requests of pod ${name}`);
}

describe.skipIf(program === null)('real replicas and a real Prometheus', () => {
  test('the rows say what the load generator has counted, errors and latency too', async () => {
    const [a, b, c] = scene.pods;
    await a.load(60);
    await b.load(40, 1);
    await c.load(20, 10);
    for (const pod of scene.pods) {
      const row = await caughtUp(pod);
      expect(row).toMatchObject({ release: pod.release, errors: pod.sent.errors, traps: 0, timeouts: 0 });
      expect(row.latency.edges).toEqual(IMAGE_LATENCY_EDGES);
      expect(row.latency.counts.reduce((sum, count) => sum + count, 0)).toBe(row.requests);
    }
    expect(await source.read(scene.context)).toHaveLength(3);
    expect(await source.read({ ...scene.context, key: 'herald/other' })).toEqual([]);
  });

  test('a restart of a pod is a new epoch', async () => {
    const [a] = scene.pods;
    const before = await caughtUp(a);
    await a.ended('SIGKILL');
    Object.assign(a.sent, { requests: 0, errors: 0 });
    await a.start();
    await a.load(5);
    const after = await caughtUp(a);
    expect(Number(after.epoch)).toBeGreaterThan(Number(before.epoch));
  });

  test('a request that never ends is a time-out of the epoch that goes on', async () => {
    const [, b] = scene.pods;
    const before = await caughtUp(b);
    await expect(b.ask('/loop')).rejects.toThrow(/fetch failed/);
    await b.ended();
    await b.start();
    b.sent.requests += 1;
    const after = await caughtUp(b);
    expect(after).toMatchObject({ epoch: before.epoch, timeouts: 1, errors: before.errors + 1 });
  });

  test('Prometheus down is no data, and then the counters come back as they are', async () => {
    await scene.prometheus.stop();
    expect(await source.read(scene.context)).toBeNull();
    await scene.prometheus.start();
    for (const pod of scene.pods) await caughtUp(pod);
  });

  test('the engine aborts the bad release on nothing but these counters', async () => {
    const [a, , c] = scene.pods;
    const world = createWorld();
    const platform: Platform = {
      ...world.platform,
      async observe(of, signal) {
        const seen = await world.platform.observe(of, signal);
        return { ...seen, counters: await source.read(scene.context, signal) };
      },
    };
    const rig = await createRig({ platform });
    const second = async (): Promise<void> => {
      const shares = world.routes.at(-1)?.shares ?? {};
      const [stable = 0, candidate = 0] = [shares[1], shares[2]].map((share) => Math.round((share ?? 0) * 100));
      await a.load(stable);
      await c.load(candidate, Math.ceil(candidate / 2));
      for (const pod of scene.pods) await caughtUp(pod);
      await rig.clock.advance(1000);
      await rig.controller.tick();
    };
    await rig.deploy(1);
    for (let tick = 0; tick < 20 && rig.phase() !== 'healthy promoted'; tick += 1) await second();
    expect(rig.phase()).toBe('healthy promoted');
    await rig.deploy(2);
    for (let tick = 0; tick < 20 && !rig.phase().includes('abort'); tick += 1) await second();
    expect(world.routes.at(-1)?.shares).toEqual({ 1: 1 });
    expect(rig.controller.state().stable).toBe(1);
    const ended = rig.journal.read({ kinds: ['rollout.ended'] }).at(-1);
    expect(JSON.stringify(ended?.data)).toContain(
      '"because":"5 of 10 requests failed on the candidate, 0 of 90 on stable: proven worse than stable',
    );
  });
});
