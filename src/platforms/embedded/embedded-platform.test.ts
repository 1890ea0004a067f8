import { request as startRequest } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDaemon } from '../../kernel/subprocess.ts';
import {
  contextOf,
  createEmbeddedRig,
  HOST,
  KEY,
  observeUntil,
  readyCount,
  route,
  scale,
} from '../../../test/rigs/embedded-rig.ts';
import { PLAN } from '../../../test/rigs/engine-rig.ts';
import { until } from '../../../test/rigs/router-rig.ts';
import { findReplicas } from './adoption.ts';
import { openHomePaths } from './home-paths.ts';
import { createRouterClient } from './router-client.ts';

/** One request; the process that answered it, its release and the status. */
function ask(
  url: string,
  path = '/',
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; by: number; release: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = startRequest(`${url}${path}`, { agent: false, headers: { host: HOST, ...headers } }, (answer) => {
      answer.resume();
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          by: Number(answer.headers['x-served-by']),
          release: answer.headers['x-slipway-release'] as string | undefined,
        }),
      );
    });
    request.on('error', reject).end();
  });
}

test.concurrent('a release is brought up, gets requests, and ends again with nothing left', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {} } });
  expect(await platform.observe(context)).toEqual({ releases: {}, traffic: {}, counters: [], gates: {} });
  await platform.apply(context, scale(1, 2));
  const up = await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 2);
  expect(up.releases[1]).toEqual({ desired: 2, ready: 2, restarts: 0, failure: null, inFlight: 0 });
  await platform.apply(context, route({ 1: 1 }));
  expect((await platform.observe(context)).traffic).toEqual({ 1: 1 });
  expect(await ask(platform.router().url)).toMatchObject({ status: 200, release: '1' });
  const { counters } = await platform.observe(context);
  expect(counters?.reduce((sum, { requests }) => sum + requests, 0)).toBe(1);
  await platform.apply(context, route({}));
  await platform.apply(context, scale(1, 0));
  await observeUntil(platform, context, (seen) => seen.releases[1] === undefined);
  expect(findReplicas(openHomePaths(rig.home))).toEqual([]);
});

test.concurrent('effects said twice are done once', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {} } });
  for (let time = 0; time < 2; time += 1) {
    await platform.apply(context, scale(1, 1));
    await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
    await platform.apply(context, route({ 1: 1 }));
  }
  expect(findReplicas(openHomePaths(rig.home))).toHaveLength(1);
});

test.concurrent('a replica that is killed is seen and mended', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {} } });
  await platform.apply(context, scale(1, 2));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 2);
  await platform.apply(context, route({ 1: 1 }));
  let changes = 0;
  const unwatch = platform.watch(KEY, () => (changes += 1));
  process.kill((await ask(platform.router().url)).by, 'SIGKILL');
  await observeUntil(platform, context, (seen) => seen.releases[1]?.restarts === 1 && readyCount(seen, 1) === 2);
  await until(async () => expect(changes).toBeGreaterThanOrEqual(2));
  unwatch();
  expect((await ask(platform.router().url)).status).toBe(200);
});

test.concurrent('a release that can not start is a crash loop, and says why in its own words', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: { STUB_FAIL_START: 'no such table: users' } } });
  await platform.apply(context, scale(1, 1));
  const seen = await observeUntil(platform, context, ({ releases }) => releases[1]?.failure !== null);
  expect(seen.releases[1]?.failure).toMatch(
    /^its replicas have ended 3 times in a row within .*; the last one ended with exit code 1: no such table: users$/,
  );
  expect(seen.releases[1]?.restarts).toBeGreaterThanOrEqual(3);
});

test.concurrent('a module that can not be prepared is a failure of the release', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform({ prepare: () => Promise.reject(new Error('the image holds no module')) });
  await platform.start();
  const context = contextOf({ releases: { 1: {} } });
  await platform.apply(context, scale(1, 1));
  const seen = await observeUntil(platform, context, ({ releases }) => releases[1]?.failure !== null);
  expect(seen.releases[1]?.failure).toBe('the image holds no module');
});

test.concurrent('a replica that does not answer in time is replaced', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {} }, limits: { memory: 64e6, request: 200 } });
  await platform.apply(context, scale(1, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
  await platform.apply(context, route({ 1: 1 }));
  expect((await ask(platform.router().url, '/loop')).status).toBe(504);
  await observeUntil(platform, context, (seen) => seen.releases[1]?.restarts === 1 && readyCount(seen, 1) === 1);
  await until(async () => expect((await ask(platform.router().url)).status).toBe(200));
});

test.concurrent('a replica that outgrows its memory is ended and says so', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {} }, limits: { memory: 1e6, request: 20_000 } });
  await platform.apply(context, scale(1, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
  await platform.apply(context, route({ 1: 1 }));
  expect((await ask(platform.router().url, '/eat')).status).toBe(502);
  await observeUntil(platform, context, (seen) => seen.releases[1]?.restarts === 1 && readyCount(seen, 1) === 1);
});

test.concurrent('a release that is scaled down answers what it has accepted first', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {}, 2: {} } });
  for (const release of [1, 2]) await platform.apply(context, scale(release, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
  await platform.apply(context, route({ 1: 1 }));
  const slow = ask(platform.router().url, '/?ms=700');
  await observeUntil(platform, context, (seen) => seen.releases[1]?.inFlight === 1);
  await platform.apply(context, route({ 2: 1 }));
  await platform.apply(context, scale(1, 0));
  expect(await slow).toMatchObject({ status: 200, release: '1' });
  await observeUntil(platform, context, (seen) => seen.releases[1] === undefined);
});

test.concurrent('T11: a stream longer than a request may take is counted while it drains, and cut at the limit', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {}, 2: {} }, limits: { memory: 64e6, request: 800 } });
  for (const release of [1, 2]) await platform.apply(context, scale(release, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
  await platform.apply(context, route({ 1: 1 }));
  const stream = ask(platform.router().url, '/drip?ms=60000').then(
    () => 'whole',
    () => 'cut',
  );
  await observeUntil(platform, context, (seen) => seen.releases[1]?.inFlight === 1);
  await platform.apply(context, route({ 2: 1 }));
  await platform.apply(context, scale(1, 0));
  expect((await platform.observe(context)).releases[1]?.inFlight).toBe(1);
  expect(await stream).toBe('cut');
  await observeUntil(platform, context, (seen) => seen.releases[1] === undefined, 5000);
});

test.concurrent('a release that is not exposed answers at its own address, and that counts as no exposure', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {}, 2: {} } });
  for (const release of [1, 2]) await platform.apply(context, scale(release, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
  await platform.apply(context, route({ 1: 1 }));
  const address = new URL(platform.addressOf(KEY, 2));
  expect(address.host).toBe(`2.${HOST}:${new URL(platform.router().url).port}`);
  expect(await ask(platform.router().url, '/', { host: address.host })).toMatchObject({ status: 200, release: '2' });
  const { counters } = await platform.observe(context);
  const rows = counters?.filter(({ release, requests }) => release === 2 && requests > 0) ?? [];
  expect(rows).toMatchObject([{ source: 'direct', requests: 1, units: null }]);
});

test.concurrent('a route with everything in it outlives the router and the platform', async () => {
  await using rig = createEmbeddedRig();
  const first = rig.platform();
  await first.start();
  const context = contextOf({ releases: { 1: {}, 2: {} } });
  for (const release of [1, 2]) await first.apply(context, scale(release, 1));
  await observeUntil(first, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
  const whole = route(
    { 1: 0.5, 2: 0.5 },
    {
      rollout: `${KEY}/2`,
      affinity: { kind: 'header', name: 'x-user' },
      match: { headers: { 'x-try': 'yes' }, release: 2 },
      mirror: { release: 2, share: 0.5 },
    },
  );
  await first.apply(context, whole);
  const router = openHomePaths(rig.home).router.control;
  const tableOf = async (): Promise<unknown> => {
    const client = createRouterClient(router);
    try {
      return (await client.table()).environments[KEY];
    } finally {
      client.close();
    }
  };
  const { kind: _, ...said } = whole;
  expect(await tableOf()).toMatchObject(said);
  await first.stop({ everything: false });
  const second = rig.platform();
  await second.start();
  process.kill(second.router().pid, 'SIGKILL');
  await until(async () => expect(await tableOf()).toMatchObject(said));
  const users = Array.from({ length: 20 }, (_unused, index) => ({ 'x-user': `user-${index}` }));
  const once = await Promise.all(users.map((headers) => ask(second.router().url, '/', headers)));
  const again = await Promise.all(users.map((headers) => ask(second.router().url, '/', headers)));
  expect(again.map(({ release }) => release)).toEqual(once.map(({ release }) => release));
  expect(new Set(once.map(({ release }) => release))).toEqual(new Set(['1', '2']));
});

test.concurrent('the edges of the service level objectives are counted, and those of a running rollout stay', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const planOf = (p99: number): typeof PLAN => ({ ...PLAN, judge: { ...PLAN.judge, slo: { errors: 0.01, p99 } } });
  const context = contextOf({ releases: { 1: {} }, plan: planOf(333) });
  await platform.apply(context, scale(1, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
  const edges = async (): Promise<readonly number[]> =>
    (await platform.observe(context)).counters?.[0]?.latency.edges ?? [];
  await platform.apply(context, route({ 1: 1 }, { rollout: `${KEY}/1` }));
  expect(await edges()).toContain(333);
  const edited = contextOf({ releases: { 1: {} }, plan: planOf(444) });
  await platform.apply(edited, route({ 1: 1 }, { rollout: `${KEY}/1` }));
  expect(await edges()).toEqual(expect.arrayContaining([333, 444]));
  await platform.apply(edited, route({ 1: 1 }, { rollout: `${KEY}/2` }));
  expect(await edges()).toContain(444);
  expect(await edges()).not.toContain(333);
});

test.concurrent('a router that is killed comes back by itself on the same port with the same split', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases: { 1: {} } });
  await platform.apply(context, scale(1, 1));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 1);
  await platform.apply(context, route({ 1: 1 }));
  const before = platform.router();
  process.kill(before.pid, 'SIGKILL');
  await until(async () => expect((await ask(before.url)).status).toBe(200));
  await observeUntil(platform, context, ({ traffic }) => traffic?.[1] === 1);
  expect(platform.router()).toMatchObject({ url: before.url });
  expect(platform.router().pid).not.toBe(before.pid);
});

test.concurrent('router and replicas go on without the platform, and the next one takes them over', async () => {
  await using rig = createEmbeddedRig();
  const first = rig.platform();
  await first.start();
  const context = contextOf({ releases: { 1: {}, 2: {} } });
  for (const release of [1, 2]) await first.apply(context, scale(release, 1));
  await observeUntil(first, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
  await first.apply(context, route({ 1: 0.5, 2: 0.5 }));
  const before = (await ask(first.router().url)).by;
  await first.stop({ everything: false });
  expect((await ask(first.router().url)).status).toBe(200);

  const second = rig.platform();
  await second.start();
  const seen = await second.observe(context);
  expect(seen.traffic).toEqual({ 1: 0.5, 2: 0.5 });
  expect(seen.releases).toMatchObject({ 1: { desired: 1, ready: 1, restarts: 0 }, 2: { desired: 1, ready: 1 } });
  expect(second.router()).toEqual(first.router());
  const pids = [await ask(second.router().url), await ask(second.router().url)].map(({ by }) => by);
  expect(pids).toContain(before);
  process.kill(before, 'SIGKILL');
  await observeUntil(
    second,
    context,
    ({ releases }) => (releases[1]?.restarts ?? 0) + (releases[2]?.restarts ?? 0) === 1,
  );
});

test.concurrent('a split that came into force just before a crash neither dips nor comes back', async () => {
  await using rig = createEmbeddedRig();
  const first = rig.platform();
  await first.start();
  const context = contextOf({ releases: { 1: {}, 2: {} } });
  for (const release of [1, 2]) await first.apply(context, scale(release, 1));
  await observeUntil(first, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
  await first.apply(context, route({ 1: 0.95, 2: 0.05 }));
  await first.stop({ everything: false });
  // As if it had been killed after the router took the next weight over, and before that was written down.
  const router = createRouterClient(openHomePaths(rig.home).router.control);
  const { version, environments } = await router.table();
  const routes = environments[KEY];
  if (routes === undefined) throw new Error('the router has forgotten the environment');
  await router.put({ version: version + 1, environments: { [KEY]: { ...routes, shares: { 1: 0.75, 2: 0.25 } } } });
  router.close();

  const second = rig.platform();
  await second.start();
  expect((await second.observe(context)).traffic).toEqual({ 1: 0.75, 2: 0.25 });
});

test.concurrent('a replica that nobody wants any more is found and ended, whoever has started it', async () => {
  await using rig = createEmbeddedRig();
  const paths = openHomePaths(rig.home);
  const stray = (key: string): number => {
    const { config, socket, stdout, stderr } = paths.replica(key, '9-0badcafe');
    writeFileSync(config, JSON.stringify({ listen: { socket }, environment: { STUB_IGNORES_TERM: 'yes' } }));
    const script = join(import.meta.dirname, '../../../test/fixtures/replicas/stub-replica.mjs');
    const env = { SLIPWAY_REPLICA: config };
    return startDaemon({ program: process.execPath, args: [script], cwd: '/', env, stdout, stderr }).pid;
  };
  stray('greeter/local');
  stray('forgotten/local');
  expect(findReplicas(paths)).toHaveLength(2);
  const platform = rig.platform();
  await platform.start();
  await until(async () => expect(findReplicas(paths)).toEqual([]));
});

test.concurrent('after everything was stopped, a new start brings the same world up again', async () => {
  await using rig = createEmbeddedRig();
  const first = rig.platform();
  await first.start();
  const context = contextOf({ releases: { 1: {} } });
  await first.apply(context, scale(1, 1));
  await observeUntil(first, context, (seen) => readyCount(seen, 1) === 1);
  await first.apply(context, route({ 1: 1 }));
  await first.stop({ everything: true });
  expect(findReplicas(openHomePaths(rig.home))).toEqual([]);

  const second = rig.platform();
  await second.start();
  const seen = await observeUntil(second, context, (now) => readyCount(now, 1) === 1);
  expect(seen.traffic).toEqual({ 1: 1 });
  await until(async () => expect((await ask(second.router().url)).status).toBe(200));
});

test.concurrent('a port that another program has is told in plain words', async () => {
  await using rig = createEmbeddedRig();
  await using other = createEmbeddedRig();
  const platform = other.platform();
  await platform.start();
  const refused = rig.platform({ environment: { SLIPWAY_PORT: new URL(platform.router().url).port } });
  await expect(refused.start()).rejects.toMatchObject({ code: 'embedded/port-taken', kind: 'refused' });
});
