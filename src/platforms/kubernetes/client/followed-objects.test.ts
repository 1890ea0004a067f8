import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type ApiServerRig,
  breakOff,
  createApiServerRig,
  FAST,
  LABEL,
  refuse,
  statusBody,
} from '../../../../test/rigs/api-server-rig.ts';
import { systemClock } from '../../../kernel/clock.ts';
import type { ClusterClient, FollowedObjects } from '../cluster-client.ts';

const QUERY = { apiVersion: 'v1', kind: 'ConfigMap', labels: LABEL };

let rig: ApiServerRig;
let client: ClusterClient;
const followed: FollowedObjects[] = [];
beforeEach(async () => {
  rig = await createApiServerRig();
  client = await rig.client();
});
afterEach(async () => {
  for (const one of followed.splice(0)) one.close();
  await rig[Symbol.asyncDispose]();
});

async function follow(from = client): Promise<FollowedObjects> {
  const one = from.follow(QUERY);
  followed.push(one);
  await one.ready();
  await watching(1);
  return one;
}

const count = (verb: string): number => rig.asked.filter((asked) => asked.verb === verb).length;
const watching = (times: number): Promise<void> =>
  vi.waitFor(() => expect(count('watch')).toBeGreaterThanOrEqual(times), { timeout: 3000 });
const valuesOf = (one: FollowedObjects): Record<string, unknown> =>
  Object.fromEntries([...one.objects()].map(([name, { data }]) => [name, Object.values(data ?? {})[0]]));
const seen = (one: FollowedObjects, wanted: Record<string, string>): Promise<void> =>
  vi.waitFor(() => expect(valuesOf(one)).toEqual(wanted), { timeout: 3000, interval: 5 });
const versionsAsked = (): readonly (string | null)[] =>
  rig.asked.filter(({ verb }) => verb === 'watch').map(({ query }) => query.get('resourceVersion'));

test('what is there is listed, what comes and goes is seen, and listeners are told', async () => {
  rig.put('one', 'a');
  const one = await follow();
  expect(valuesOf(one)).toEqual({ one: 'a' });
  expect(one.objects().get('one')).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  let told = 0;
  const end = one.onChange(() => (told += 1));
  rig.put('two', 'b');
  rig.drop('one');
  await seen(one, { two: 'b' });
  expect(told).toBeGreaterThanOrEqual(1);
  end();
  const before = told;
  rig.put('two', 'c');
  await seen(one, { two: 'c' });
  expect(told).toBe(before);
  expect(rig.asked[0]?.query.get('labelSelector')).toBe('app=herald');
});

test('a watch that the server ends is taken up where it ended, and nothing is listed again', async () => {
  const one = await follow();
  const { metadata } = rig.put('one', 'a');
  await seen(one, { one: 'a' });
  rig.watches('end');
  await watching(2);
  rig.put('one', 'b');
  await seen(one, { one: 'b' });
  expect(count('list')).toBe(1);
  expect(versionsAsked()[1]).toBe(metadata.resourceVersion);
  expect(one.brokenSince()).toBeNull();
});

test('a bookmark moves the version from which it goes on', async () => {
  const one = await follow();
  rig.put('one', 'a');
  await seen(one, { one: 'a' });
  rig.bookmark();
  rig.forgetHistory();
  rig.watches('end');
  await watching(2);
  expect(Number(versionsAsked()[1])).toBe(Number(versionsAsked()[0]) + 2);
  expect(count('list')).toBe(1);
});

test.each(['in its answer', 'in the stream'])(
  'a version that is too old (410, told %s) lists again and misses no end',
  async (where) => {
    rig.put('one', 'a');
    rig.put('two', 'a');
    const one = await follow();
    rig.put('other', 'x');
    await seen(one, { one: 'a', two: 'a', other: 'x' });
    if (where === 'in its answer') {
      await rig.stop();
      rig.drop('two');
      rig.forgetHistory();
      await rig.start();
    } else {
      // It ends while nobody hears of it.
      rig.watches('freeze');
      rig.drop('two');
      rig.forgetHistory();
      rig.watches('break');
      rig.next('watch', (response) => {
        response.writeHead(200);
        response.end(`${JSON.stringify({ type: 'ERROR', object: statusBody(410, 'Expired', 'too old') })}\n`);
      });
    }
    await seen(one, { one: 'a', other: 'x' });
    expect(count('list')).toBe(2);
  },
);

test('a conflict (409) lists again', async () => {
  const one = await follow();
  rig.next('watch', refuse(409, 'Conflict'));
  rig.watches('end');
  rig.put('one', 'a');
  await seen(one, { one: 'a' });
  expect(count('list')).toBe(2);
});

test('too many requests (429) are obeyed: it waits as long as it is told', async () => {
  const one = await follow();
  let refusedAt = 0;
  rig.next('watch', (response) => {
    refusedAt = performance.now();
    response.writeHead(429, { 'retry-after': '0.3' });
    response.end(JSON.stringify(statusBody(429, 'TooManyRequests', 'busy')));
  });
  rig.watches('end');
  await vi.waitFor(() => expect(one.trouble()?.message).toContain('too much to do'));
  rig.put('one', 'a');
  await seen(one, { one: 'a' });
  expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(290);
  expect(count('list')).toBe(1);
  expect(one.trouble()).toBeNull();
});

test('a connection that breaks, also at the moment of its beginning, is made anew from the same version', async () => {
  const one = await follow();
  rig.put('one', 'a');
  await seen(one, { one: 'a' });
  rig.next('watch', breakOff);
  rig.watches('break');
  await watching(3);
  rig.put('two', 'b');
  await seen(one, { one: 'a', two: 'b' });
  expect(count('list')).toBe(1);
});

test('a connection that is dead without a word is found out, and counts as broken since it last spoke', async () => {
  const impatient = await rig.client({ times: { ...FAST, watch: 150, slack: 100 } });
  const one = await follow(impatient);
  const spoken = systemClock.monotonic();
  rig.watches('freeze');
  rig.put('one', 'a');
  rig.next('watch', breakOff);
  await vi.waitFor(() => expect(one.brokenSince()).not.toBeNull(), { timeout: 3000, interval: 1 });
  expect(one.brokenSince()).toBeLessThanOrEqual(spoken);
  await seen(one, { one: 'a' });
  expect(one.brokenSince()).toBeNull();
  expect(count('list')).toBe(1);
});

test('while the server is down it is broken, and what changed meanwhile is seen when it is back', async () => {
  rig.put('one', 'a');
  rig.put('two', 'a');
  const one = await follow();
  await rig.stop();
  await vi.waitFor(() => expect(one.brokenSince()).not.toBeNull());
  expect(one.trouble()?.message).toContain('nothing listens there');
  rig.drop('one');
  rig.put('two', 'b');
  expect(valuesOf(one)).toEqual({ one: 'a', two: 'a' });
  await rig.start();
  await seen(one, { two: 'b' });
  expect(one.brokenSince()).toBeNull();
});

const stream =
  (...events: readonly unknown[]) =>
  (response: ServerResponse): void => {
    response.writeHead(200);
    for (const event of events) response.write(`${JSON.stringify(event)}\n`);
  };
const late = (type: string, { metadata, data }: ReturnType<ApiServerRig['put']>): unknown => ({
  type,
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
});

test('nobody reads the past of his own writes, and an older event does not bring it back', async () => {
  const one = await follow();
  rig.watches('freeze');
  const old = rig.put('one', 'a');
  const written = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' }, data: { value: 'b' } };
  await client.write(written, { kind: 'apply' });
  expect(valuesOf(one)).toEqual({ one: 'b' });
  rig.next('watch', stream(late('ADDED', old), late('ADDED', rig.put('two', 'x'))));
  rig.watches('break');
  await seen(one, { one: 'b', two: 'x' });
});

test('what we have deleted does not come back by an event of its last days', async () => {
  const one = await follow();
  rig.put('one', 'a');
  await seen(one, { one: 'a' });
  rig.watches('freeze');
  const last = rig.put('one', 'b');
  expect(await client.remove({ apiVersion: 'v1', kind: 'ConfigMap', name: 'one' })).toBe(true);
  expect(valuesOf(one)).toEqual({});
  rig.next('watch', stream(late('MODIFIED', last), late('ADDED', rig.put('two', 'x'))));
  rig.watches('break');
  await vi.waitFor(() => expect(valuesOf(one)).toHaveProperty('two'));
  expect(valuesOf(one)).toEqual({ two: 'x' });
});

test('a cluster that was restored from a backup is believed, though its versions go back', async () => {
  rig.put('one', 'a');
  const one = await follow();
  await rig.stop();
  rig.restore();
  rig.put('one', 'older');
  rig.next('watch', refuse(410, 'Expired'));
  await rig.start();
  await seen(one, { one: 'older' });
  expect(one.objects().get('one')?.metadata.resourceVersion).toBe('11');
});

test('who may not look is told so, and once he may it goes on by itself', async () => {
  rig.next('list', refuse(403, 'Forbidden', 'configmaps is forbidden: User "ada" cannot list resource "configmaps"'));
  const one = client.follow(QUERY);
  followed.push(one);
  await expect(one.ready()).rejects.toMatchObject({ code: 'kubernetes/forbidden' });
  expect(one.brokenSince()).not.toBeNull();
  await one.ready();
  expect(one.brokenSince()).toBeNull();
});

test('closed, it asks no more', async () => {
  const one = await follow();
  one.close();
  const before = rig.asked.length;
  rig.watches('break');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(rig.asked.length).toBe(before);
});

test('waiting for the first list ends with its signal', async () => {
  await rig.stop();
  const one = client.follow(QUERY);
  followed.push(one);
  await expect(one.ready(AbortSignal.timeout(30))).rejects.toThrow('aborted');
});
