import { describe, expect, test } from 'vitest';
import { rolloutStoreContract } from '../../../test/contracts/rollout-store-contract.ts';
import { createMemoryCluster, type MemoryCluster } from '../../../test/rigs/memory-cluster.ts';
import type { EngineRecord, EntryDraft } from '../../delivery/index.ts';
import { createManualClock } from '../../kernel/clock.ts';
import { fillRandom } from '../../kernel/random.ts';
import { createClusterRolloutStore } from './cluster-rollout-store.ts';

const KEY = 'greeter/production';
const NAME = 'ConfigMap/greeter-production-slipway';

rolloutStoreContract('a cluster', () => {
  const cluster = createMemoryCluster();
  const open = () => createClusterRolloutStore({ client: cluster.client(), clock: createManualClock(5000) });
  return { store: open(), reopened: open, close: () => undefined };
});

function recordWith(fields: {
  readonly wall?: number;
  readonly outbox?: readonly EntryDraft[];
  readonly text?: string;
}) {
  const { wall = 1000, outbox = [], text = '' } = fields;
  return { state: { text }, intents: [], outbox, time: { engine: 0, wall } } as unknown as EngineRecord;
}

function entry(number: number, kind = 'rollout.stepped', rollout = 'r1'): EntryDraft {
  return { kind, subject: KEY, key: `${KEY}@abc#${number}`, data: { rollout, number } };
}

function storeIn(cluster: MemoryCluster, clock = createManualClock(5000)) {
  return { clock, store: createClusterRolloutStore({ client: cluster.client(), clock }) };
}

describe('the record in a cluster', () => {
  test('goes on when somebody else has put a label on the ConfigMap', async () => {
    const cluster = createMemoryCluster();
    const { store } = storeIn(cluster);
    await store.save(KEY, 0, recordWith({}));
    const object = cluster.objects.get(NAME)!;
    const labelled = { ...object, metadata: { ...object.metadata, labels: { team: 'a' } } };
    await cluster.client().write(labelled, { kind: 'replace' });
    await store.save(KEY, 1, recordWith({ text: 'two' }));
    expect(await store.load(KEY)).toMatchObject({ version: 2, record: { state: { text: 'two' } } });
  });

  test('whose answer was lost is not saved twice: the writer is refused and reads it again', async () => {
    const cluster = createMemoryCluster();
    const { store } = storeIn(cluster);
    await store.save(KEY, 0, recordWith({}));
    cluster.losesNextAnswer = true;
    await expect(store.save(KEY, 1, recordWith({ text: 'two' }))).rejects.toMatchObject({
      code: 'kubernetes/unreachable',
    });
    await expect(store.save(KEY, 1, recordWith({ text: 'three' }))).rejects.toMatchObject({
      code: 'delivery/stale-version',
    });
    expect(await store.load(KEY)).toMatchObject({ version: 2, record: { state: { text: 'two' } } });
  });

  test('says by the clock of who has seen it come when it was saved', async () => {
    const cluster = createMemoryCluster();
    const [driver, watcher] = [storeIn(cluster), storeIn(cluster, createManualClock(9_000_000))];
    await driver.store.save(KEY, 0, recordWith({ wall: 5000 }));
    await watcher.store.entries(KEY);
    await watcher.clock.advance(700);
    expect((await watcher.store.load(KEY))?.record.time.wall).toBe(9_000_000);
    expect((await driver.store.load(KEY))?.record.time.wall).toBe(5000);
  });

  test('that another version, or somebody else, has written is refused as it is', async () => {
    const cluster = createMemoryCluster();
    const { store } = storeIn(cluster);
    await store.save(KEY, 0, recordWith({}));
    const object = cluster.objects.get(NAME)!;
    const good = object as typeof object & { data: Record<string, string>; binaryData: Record<string, string> };
    const bad = [
      { data: { ...good.data, format: '2' } },
      { data: { ...good.data, key: 'other/production' } },
      { data: { ...good.data, version: 'many' } },
      { data: {} },
      { binaryData: { ...good.binaryData, record: 'AAAA' } },
      { binaryData: { record: good.binaryData['record']! } },
      { binaryData: { ...good.binaryData, record: good.binaryData['entries']! } },
    ];
    for (const change of bad) {
      cluster.objects.set(NAME, { ...good, ...change, metadata: { ...good.metadata, resourceVersion: 'x' } });
      const { store: other } = storeIn(cluster);
      await expect(other.load(KEY)).rejects.toMatchObject({ code: 'kubernetes/unreadable-record', kind: 'refused' });
      await expect(other.save(KEY, 0, recordWith({}))).rejects.toMatchObject({ code: 'kubernetes/unreadable-record' });
    }
  });

  test('that is too large is refused before it is sent', async () => {
    const cluster = createMemoryCluster();
    const { store } = storeIn(cluster);
    const text = Buffer.from(fillRandom(new Uint8Array(1_000_000))).toString('base64');
    await expect(store.save(KEY, 0, recordWith({ text }))).rejects.toMatchObject({
      code: 'kubernetes/record-too-large',
    });
    expect(cluster.writes).toBe(0);
  });
});

describe('the entries in the record', () => {
  test('gather with each save, once each, with the time of the save', async () => {
    const cluster = createMemoryCluster();
    const { store } = storeIn(cluster);
    await store.save(KEY, 0, recordWith({ wall: 100, outbox: [entry(1)] }));
    await store.save(KEY, 1, recordWith({ wall: 200, outbox: [entry(1), entry(2)] }));
    const other = storeIn(cluster);
    await other.store.load(KEY);
    await other.store.save(KEY, 2, recordWith({ wall: 300, outbox: [entry(3)] }));
    const entries = await store.entries(KEY);
    expect(entries?.map(({ key, at }) => [key, at])).toEqual([
      [`${KEY}@abc#1`, 100],
      [`${KEY}@abc#2`, 200],
      [`${KEY}@abc#3`, 300],
    ]);
    expect(await store.entries('greeter/other')).toBeNull();
  });

  test('keep the history when there are too many looks, and no looks of rollouts that are over', async () => {
    const { store } = storeIn(createMemoryCluster());
    const looks = (from: number, rollout: string) =>
      Array.from({ length: 300 }, (_, index) => entry(from + index, 'rollout.looked', rollout));
    const first = [entry(1, 'rollout.started', 'r1'), ...looks(10, 'r1'), entry(400, 'rollout.ended', 'r1')];
    await store.save(KEY, 0, recordWith({ outbox: first }));
    const count = async (kind: string) => (await store.entries(KEY))?.filter((one) => one.kind === kind).length;
    expect(await count('rollout.looked')).toBe(200);
    await store.save(KEY, 1, recordWith({ outbox: [entry(500, 'rollout.started', 'r2'), ...looks(510, 'r2')] }));
    expect((await store.entries(KEY))?.filter(({ data }) => JSON.stringify(data).includes('"r1"'))).toHaveLength(2);
    expect(await count('rollout.looked')).toBe(200);
    expect((await store.entries(KEY))?.at(-1)?.key).toBe(`${KEY}@abc#809`);
  });

  test('never keep the record from being saved: the oldest go', async () => {
    const { store } = storeIn(createMemoryCluster());
    const noise = (): string => Buffer.from(fillRandom(new Uint8Array(3000))).toString('base64');
    for (let save = 0; save < 10; save += 1) {
      const outbox = Array.from({ length: 40 }, (_, index) => ({
        ...entry(save * 40 + index),
        data: { noise: noise() },
      }));
      await store.save(KEY, save, recordWith({ outbox }));
    }
    const kept = (await store.entries(KEY))?.map(({ key }) => key) ?? [];
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length).toBeLessThan(400);
    expect(kept.at(-1)).toBe(`${KEY}@abc#399`);
  });
});
