import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createRig, type RigReplica } from '../../../../../test/rigs/replica-rig.ts';
import { LATENCY_EDGES } from '../../../../delivery/index.ts';
import { IMAGE_LATENCY_EDGES } from '../../../../oci/index.ts';
import { LATENCY_EDGES_VARIABLE } from '../../../replica-variables.ts';
import { parseReplicaConfig } from '../config.ts';
import { writeExposition } from './exposition.ts';
import { keepCounters, takeKeptCounters } from './kept-counters.ts';
import { attachCounters, createCounters, nothingCounted } from './request-counters.ts';

const rig = createRig();
afterAll(() => rig.close());

const HOST = '127.0.0.1';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface Counting {
  readonly replica: RigReplica;
  readonly port: number;
}

async function counting(more: Readonly<Record<string, unknown>> = {}, keep?: string): Promise<Counting> {
  const port = await freePort();
  const metrics = { host: HOST, port, edges: [1, 1000], ...(keep === undefined ? {} : { keep }) };
  return { replica: await rig.start({ metrics, ...more }), port };
}

const get = async (port: number, path: string, init?: RequestInit) => fetch(`http://${HOST}:${port}${path}`, init);

/** `slipway_requests_total{outcome="ok"}` → value. */
async function scrape(port: number): Promise<ReadonlyMap<string, number>> {
  const text = await (await get(port, '/metrics')).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

const total = (outcome: string) => `slipway_requests_total{outcome="${outcome}"}`;

describe('a replica in an image', () => {
  test('tells how its requests ended, each series from the start', async () => {
    const { replica, port } = await counting();
    const before = await scrape(port);
    expect(['ok', 'error', 'trap', 'timeout'].map((outcome) => before.get(total(outcome)))).toEqual([0, 0, 0, 0]);
    for (const path of ['/ok', '/ok', '/trap', '/fail']) await replica.ask(path);
    const after = await scrape(port);
    expect(['ok', 'error', 'trap', 'timeout'].map((outcome) => after.get(total(outcome)))).toEqual([2, 1, 1, 0]);
    expect(after.get('slipway_request_duration_seconds_count')).toBe(4);
    expect(after.get('slipway_request_duration_seconds_bucket{le="+Inf"}')).toBe(4);
    expect(after.get('slipway_request_duration_seconds_bucket{le="1"}')).toBe(4);
    expect(after.get('slipway_counting_since_seconds')).toBeCloseTo(Date.now() / 1000, -2);
    expect(after.get('process_start_time_seconds')).toBeCloseTo(Date.now() / 1000, -2);
  });

  test('says on the same port whether it serves, and counts no such question', async () => {
    const { replica, port } = await counting();
    expect((await get(port, '/ready')).status).toBe(200);
    expect([(await get(port, '/')).status, (await get(port, '/metrics', { method: 'POST' })).status]).toEqual([
      404, 405,
    ]);
    expect((await get(port, '/metrics')).headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const scraped = await scrape(port);
    expect(scraped.get('slipway_request_duration_seconds_count')).toBe(0);
    replica.signal('SIGTERM');
    const states = new Set<number>();
    // Until the port is gone, with the process.
    for (let status: number | null = 0; status !== null; states.add(status ?? 0))
      status = await get(port, '/ready').then(
        (answer) => answer.status,
        () => null,
      );
    expect(states).toContain(503);
  });

  test('counts the request that never ends, and goes on from there after its restart', async () => {
    const folder = join(rig.folder, 'kept');
    mkdirSync(folder);
    const keep = join(folder, 'counters.json');
    const first = await counting({ requestDeadline: 300 }, keep);
    await first.replica.ask('/ok');
    const since = (await scrape(first.port)).get('slipway_counting_since_seconds');
    await first.replica.ask('/loop').catch(() => undefined);
    expect((await first.replica.ended).signal).toBe('SIGKILL');
    const second = await counting({ requestDeadline: 300 }, keep);
    const counted = await scrape(second.port);
    expect([counted.get(total('ok')), counted.get(total('timeout'))]).toEqual([1, 1]);
    expect(counted.get('slipway_counting_since_seconds')).toBe(since);
    // Killed by somebody else it has kept nothing, and must not start from what is older.
    expect(existsSync(keep)).toBe(false);
    second.replica.signal('SIGKILL');
    await second.replica.ended;
    const third = await scrape((await counting({}, keep)).port);
    expect([third.get(total('ok')), third.get(total('timeout'))]).toEqual([0, 0]);
    expect(third.get('slipway_counting_since_seconds')).toBeGreaterThan(since ?? Infinity);
  });

  test('without a place to keep them the counters start again', async () => {
    const keep = join(rig.folder, 'nowhere', 'counters.json');
    const { replica } = await counting({ requestDeadline: 300 }, keep);
    await replica.ask('/loop').catch(() => undefined);
    expect((await replica.ended).signal).toBe('SIGKILL');
    const counted = await scrape((await counting({}, keep)).port);
    expect(counted.get(total('timeout'))).toBe(0);
  });
});

test('a replica in a home opens no port', () => {
  const file = { listen: { socket: '/a' }, transpiled: '/b' };
  expect(parseReplicaConfig(JSON.stringify(file), {}).metrics).toBeNull();
  expect(parseReplicaConfig(JSON.stringify({ ...file, metrics: null }), {}).metrics).toBeNull();
});

test('the image counts at the edges that the judge knows, and the platform adds more', () => {
  expect(IMAGE_LATENCY_EDGES).toEqual(LATENCY_EDGES);
  const metrics = { host: HOST, port: 9464, edges: [1, 500] };
  const file = JSON.stringify({ listen: { socket: '/a' }, transpiled: '/b', metrics });
  const parse = (text: string) => parseReplicaConfig(file, { [LATENCY_EDGES_VARIABLE]: text }).metrics?.edges;
  expect([parse('250, 500'), parse('')]).toEqual([
    [1, 250, 500],
    [1, 500],
  ]);
  expect(() => parse('fast')).toThrow('an edge of SLIPWAY_LATENCY_EDGES must be a whole number of at least 1');
});

test('what another thread counts is seen here', () => {
  const counters = createCounters(nothingCounted([10, 100], 5));
  counters.count('ok', 10);
  attachCounters(counters.shared).count('timeout', 101);
  expect(counters.read()).toEqual({
    since: 5,
    requests: { ok: 1, error: 0, trap: 0, timeout: 1 },
    edges: [10, 100],
    latency: [1, 0, 1],
    sum: 111,
  });
});

test('buckets are cumulative and in seconds', () => {
  const counted = { ...nothingCounted([5, 500], 1.5), latency: [2, 0, 1], sum: 1500 };
  expect(writeExposition(counted, 2)).toContain(
    [
      'slipway_request_duration_seconds_bucket{le="0.005"} 2',
      'slipway_request_duration_seconds_bucket{le="0.5"} 2',
      'slipway_request_duration_seconds_bucket{le="+Inf"} 3',
      'slipway_request_duration_seconds_sum 1.5',
      'slipway_request_duration_seconds_count 3',
    ].join('\n'),
  );
});

test.each(['', '{}', '[]', '{"since":1}', 'null'])(
  'a kept file that says %j counts for nothing, and is gone',
  (text) => {
    const path = join(rig.folder, 'broken.json');
    writeFileSync(path, text);
    expect(takeKeptCounters(path, [1])).toBeNull();
    expect(existsSync(path)).toBe(false);
  },
);

test('counters of other edges are not gone on from', () => {
  const path = join(rig.folder, 'edges.json');
  keepCounters(path, nothingCounted([1, 2], 7));
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ since: 7 });
  expect(takeKeptCounters(path, [1, 3])).toBeNull();
  keepCounters(path, nothingCounted([1, 2], 7));
  expect(takeKeptCounters(path, [1, 2])).toEqual(nothingCounted([1, 2], 7));
});
