/**
 * The embedded platform under load, with real processes: what the load generator has seen is held against what the
 * router has counted and logged, request by request.
 */

import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CounterRow, Observation } from '../../src/delivery/index.ts';
import { findReplicas } from '../../src/platforms/embedded/adoption.ts';
import { openHomePaths } from '../../src/platforms/embedded/home-paths.ts';
import type { EmbeddedPlatform, RequestRecord } from '../../src/platforms/embedded/index.ts';
import { type LoadRecord, startLoad, summarise } from '../load/load.ts';
import {
  contextOf,
  createEmbeddedRig,
  type EmbeddedRig,
  HOST,
  observeUntil,
  readyCount,
  route,
  scale,
} from '../rigs/embedded-rig.ts';

const RATE = 200;

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function requestLog(home: string): readonly RequestRecord[] {
  return readFileSync(join(home, 'logs/greeter.local/requests.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RequestRecord);
}

function sumOf(counters: Observation['counters'], release: number, what: keyof CounterRow): number {
  return (counters ?? []).filter((row) => row.release === release).reduce((sum, row) => sum + Number(row[what]), 0);
}

/** Ids of requests that the router's log does not have, or tells differently. */
function joined(home: string, seen: readonly LoadRecord[]): { missing: string[]; different: string[] } {
  const logged = new Map(requestLog(home).map((record) => [record.id, record]));
  const missing = seen.filter(({ id }) => !logged.has(id)).map(({ id }) => id);
  const different = seen.filter(({ id, status, release }) => {
    const record = logged.get(id);
    return record !== undefined && (record.status !== status || record.release !== release);
  });
  return { missing, different: different.map(({ id }) => id) };
}

async function twoReleases(
  rig: EmbeddedRig,
  releases: Parameters<typeof contextOf>[0]['releases'],
): Promise<{ platform: EmbeddedPlatform; context: ReturnType<typeof contextOf> }> {
  const platform = rig.platform();
  await platform.start();
  const context = contextOf({ releases });
  for (const release of [1, 2]) await platform.apply(context, scale(release, 2));
  await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 2 && readyCount(seen, 2) === 2);
  await platform.apply(context, route({ 1: 1 }));
  return { platform, context };
}

describe('under load', () => {
  test('shifting the weight up and back loses nothing, and client and router agree on every request', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await twoReleases(rig, { 1: {}, 2: { STUB_ERROR_EVERY: '10' } });
    const load = startLoad({ url: platform.router().url, host: HOST, rate: RATE, log: join(rig.home, 'load.ndjson') });
    let owed = 0;
    let dealt = 0;
    for (const weight of [0, 0.05, 0.25, 0.5, 0.05]) {
      await platform.apply(context, route(weight === 0 ? { 1: 1 } : { 1: 1 - weight, 2: weight }));
      const before = sumOf((await platform.observe(context)).counters, 2, 'requests');
      const total = sumOf((await platform.observe(context)).counters, 1, 'requests') + before;
      await sleep(1500);
      const { counters } = await platform.observe(context);
      const after = sumOf(counters, 2, 'requests');
      owed += (sumOf(counters, 1, 'requests') + after - total) * weight;
      dealt += after - before;
    }
    await platform.apply(context, route({ 1: 1 }));
    await platform.apply(context, scale(2, 0));
    await observeUntil(platform, context, (seen) => seen.releases[2] === undefined);
    const seen = await load.stop();
    await sleep(250);
    const summary = summarise(seen);
    expect(summary.failed).toBe(0);
    expect(summary.requests).toBeGreaterThan(RATE * 7);
    // Two of two observations each may fall between two requests.
    expect(Math.abs(dealt - owed)).toBeLessThanOrEqual(12);
    expect(joined(rig.home, seen)).toEqual({ missing: [], different: [] });
    const { counters } = await platform.observe(context);
    for (const release of [1, 2]) {
      const own = seen.filter((record) => record.release === release);
      expect(sumOf(counters, release, 'requests')).toBe(own.length);
      expect(sumOf(counters, release, 'errors')).toBe(own.filter(({ status }) => (status ?? 0) >= 500).length);
    }
    expect(seen.filter(({ release, status }) => release === 1 && status !== 200)).toEqual([]);
  });

  test('a fixed weight is exact to one request over any window, in the order in which the router dealt', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await twoReleases(rig, { 1: {}, 2: {} });
    await platform.apply(context, route({ 1: 0.95, 2: 0.05 }));
    const load = startLoad({
      url: platform.router().url,
      host: HOST,
      rate: RATE,
      log: join(rig.home, 'load.ndjson'),
      // One connection: the order of sending is the order of dealing.
      connections: 1,
      most: 1000,
    });
    const seen = await load.ended;
    let [balance, least, most, worst] = [0, 0, 0, 0];
    for (const { release } of seen) {
      balance += (release === 2 ? 1 : 0) - 0.05;
      worst = Math.max(worst, balance - least, most - balance);
      least = Math.min(least, balance);
      most = Math.max(most, balance);
    }
    expect(seen).toHaveLength(1000);
    expect(worst).toBeLessThanOrEqual(1.00001);
  });

  test('a killed replica costs at most what it had accepted, and a killed agent nothing', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await twoReleases(rig, { 1: {}, 2: {} });
    const load = startLoad({ url: platform.router().url, host: HOST, rate: RATE, log: join(rig.home, 'load.ndjson') });
    await sleep(500);
    await platform.stop({ everything: false });
    const next = rig.platform();
    await next.start();
    expect((await next.observe(context)).releases).toMatchObject({ 1: { ready: 2 }, 2: { ready: 2 } });
    await sleep(500);
    const before = load.soFar();
    expect(summarise(before)).toMatchObject({ failed: 0, bad: 0 });
    const { counters } = await next.observe(context);
    const [victim] = (counters ?? []).filter(({ release }) => release === 1);
    const killed = findReplicas(openHomePaths(rig.home)).find(({ id }) => id === victim?.replica);
    process.kill(killed?.identity.pid ?? 0, 'SIGKILL');
    await observeUntil(next, context, (seen) => seen.releases[1]?.restarts === 1 && readyCount(seen, 1) === 2);
    const seen = await load.stop();
    const lost = seen.filter(({ status }) => status !== 200);
    expect(lost.length).toBeLessThanOrEqual(2);
    expect(lost.every(({ status }) => status === 502)).toBe(true);
  });

  test('a killed router costs what its restart takes, and the counters begin a new epoch', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await twoReleases(rig, { 1: {}, 2: {} });
    const load = startLoad({ url: platform.router().url, host: HOST, rate: RATE, log: join(rig.home, 'load.ndjson') });
    await sleep(500);
    const before = await platform.observe(context);
    const killedAt = Date.now();
    process.kill(platform.router().pid, 'SIGKILL');
    await sleep(2500);
    const after = await platform.observe(context);
    const seen = await load.stop();
    const lost = seen.filter(({ status }) => status !== 200);
    expect(Math.max(...lost.map(({ at }) => at)) - killedAt).toBeLessThan(2000);
    expect(lost.filter(({ at }) => at < killedAt - 100)).toEqual([]);
    expect(after.traffic).toEqual({ 1: 1 });
    expect(after.counters?.[0]?.epoch).not.toBe(before.counters?.[0]?.epoch);
  });

  test('an agent that was held up itself (a suspended machine) does not take the router for a hanging one', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await twoReleases(rig, { 1: {}, 2: {} });
    const load = startLoad({ url: platform.router().url, host: HOST, rate: RATE, log: join(rig.home, 'load.ndjson') });
    await sleep(300);
    const { pid } = platform.router();
    // Longer than a router may hang, and than an idle control connection is kept.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 7000);
    const first = await platform.observe(context);
    await sleep(500);
    expect(first.counters).not.toBeNull();
    expect(first.traffic).toEqual({ 1: 1 });
    expect(platform.router().pid).toBe(pid);
    expect(summarise(await load.stop())).toMatchObject({ failed: 0, bad: 0 });
  });

  test('a router that hangs is replaced', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await twoReleases(rig, { 1: {}, 2: {} });
    const { pid } = platform.router();
    process.kill(pid, 'SIGSTOP');
    await observeUntil(platform, context, ({ traffic }) => traffic === null);
    await observeUntil(platform, context, ({ traffic }) => traffic?.[1] === 1, 30_000);
    expect(platform.router().pid).not.toBe(pid);
  });

  test('an agent that is killed with SIGKILL while replicas start leaves none that the next one does not know', async () => {
    await using rig = createEmbeddedRig();
    const script = join(import.meta.dirname, '../fixtures/replicas/agent-to-kill.ts');
    for (const delay of [0, 30, 90]) {
      const agent = spawn(process.execPath, [script, rig.home], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => agent.stdout.once('data', resolve));
      await sleep(delay);
      agent.kill('SIGKILL');
      await new Promise((resolve) => agent.once('exit', resolve));
    }
    const platform = rig.platform();
    await platform.start();
    const context = contextOf({ releases: { 1: {}, 2: {} } });
    await observeUntil(platform, context, (seen) => readyCount(seen, 1) === 3);
    expect(findReplicas(openHomePaths(rig.home))).toHaveLength(3);
  });
});

describe('a bad candidate takes nothing from the stable release', () => {
  const cases = [
    { does: 'loop', counted: 'timeouts' },
    { does: 'eat', counted: 'errors' },
    { does: 'trap', counted: 'traps' },
    { does: 'exit', counted: 'errors' },
  ] as const;

  test.each(cases)('when it does "$does" on each request', async ({ does, counted }) => {
    await using rig = createEmbeddedRig();
    const platform = rig.platform();
    await platform.start();
    const limits = { memory: 32e6, request: 300 };
    const context = contextOf({ releases: { 1: {}, 2: { STUB_DOES: does } }, limits });
    for (const release of [1, 2]) await platform.apply(context, scale(release, 1));
    await observeUntil(platform, context, (seen) => readyCount(seen, 1) + readyCount(seen, 2) === 2);
    await platform.apply(context, route({ 1: 0.9, 2: 0.1 }));
    const load = startLoad({ url: platform.router().url, host: HOST, rate: RATE, log: join(rig.home, 'load.ndjson') });
    await sleep(4000);
    const { counters, releases } = await platform.observe(context);
    await platform.apply(context, route({ 1: 1 }));
    const seen = await load.stop();
    const stable = seen.filter(({ release }) => release === 1);
    expect(summarise(stable)).toMatchObject({ failed: 0, bad: 0 });
    expect(stable.length).toBeGreaterThan(RATE * 3);
    expect(sumOf(counters, 2, counted)).toBeGreaterThan(0);
    // It either answers with its own errors or is found unable to stay up.
    expect(does === 'trap' ? sumOf(counters, 2, 'requests') > 60 : (releases[2]?.restarts ?? 0) >= 3).toBe(true);
    expect(seen.filter(({ status, release }) => status === null && release === null)).toEqual([]);
  });
});

describe('speed', () => {
  test('a withdrawn release gets its last request within 100 ms of the command (median of 20)', async () => {
    await using rig = createEmbeddedRig();
    const { platform, context } = await twoReleases(rig, { 1: {}, 2: {} });
    const load = startLoad({ url: platform.router().url, host: HOST, rate: 400, log: join(rig.home, 'load.ndjson') });
    const commands: { at: number; withdrawn: number }[] = [];
    for (let round = 0; round < 20; round += 1) {
      const [from, to] = round % 2 === 0 ? [2, 1] : [1, 2];
      await platform.apply(context, route({ [from ?? 0]: 1 }));
      await sleep(150);
      commands.push({ at: Date.now(), withdrawn: from ?? 0 });
      await platform.apply(context, route({ [to ?? 0]: 1 }));
      await sleep(150);
    }
    const seen = await load.stop();
    const delays = commands.map(({ at, withdrawn }) => {
      // Half-way to the next command the withdrawn release is given its requests back.
      const until = at + 145;
      const within = seen.filter((record) => record.at >= at && record.at < until);
      // Without requests to the other release the silence of this one would prove nothing.
      expect(within.filter(({ release }) => release !== withdrawn).length).toBeGreaterThan(10);
      const after = within.filter(({ release }) => release === withdrawn);
      return Math.max(0, ...after.map((record) => record.at - at));
    });
    delays.sort((one, other) => one - other);
    expect(delays[Math.floor(delays.length / 2)]).toBeLessThan(100);
    expect(summarise(seen)).toMatchObject({ failed: 0, bad: 0 });
  });
});
