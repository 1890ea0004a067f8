/** Two homes, each with an agent and a journal of its own, that know one environment of one cluster. */

import { afterEach, describe, expect, test } from 'vitest';
import { contentOf, createWorld, SPEC, type World } from '../../test/rigs/engine-rig.ts';
import { createMemoryCluster, type MemoryCluster } from '../../test/rigs/memory-cluster.ts';
import { type ClusterTarget, createMemoryRolloutStore, readEnvironments } from '../delivery/index.ts';
import { createMemoryJournal, type Journal } from '../journal/index.ts';
import { createManualClock, type ManualClock } from '../kernel/clock.ts';
import { createClusterRolloutStore } from '../platforms/kubernetes/cluster-rollout-store.ts';
import { createLeaseDrivers } from '../platforms/kubernetes/lease.ts';
import { type Agent, type BookedCluster, createPlaces, startAgent } from './index.ts';

const KEY = 'herald/production';
const CLUSTER: ClusterTarget = { kubeconfig: null, context: 'prod', namespace: 'shop' };

interface Stage {
  readonly cluster: MemoryCluster;
  readonly world: World;
  readonly clock: ManualClock;
  seconds(count: number): Promise<void>;
}

interface Home {
  readonly agent: Agent;
  readonly journal: Journal;
  readonly book: Map<string, BookedCluster>;
  deploy(version: number): Promise<string>;
  phase(): string | undefined;
  /** Keys of what was told of the environment. */
  told(): readonly (string | undefined)[];
}

const agents: Agent[] = [];
const clocks: ManualClock[] = [];
afterEach(async () => {
  const stopped = Promise.all(agents.splice(0).map((agent) => agent.stop()));
  for (let second = 0; second < 5; second += 1) for (const clock of clocks) await clock.advance(1000);
  await stopped;
  clocks.splice(0);
});

function createStage(): Stage {
  const clock = createManualClock(1_000_000);
  clocks.push(clock);
  const world = createWorld();
  return {
    cluster: createMemoryCluster(),
    world,
    clock,
    async seconds(count) {
      for (let second = 0; second < count; second += 1) {
        world.second();
        for (let part = 0; part < 5; part += 1) {
          await clock.advance(200);
          // What is packed and unpacked is, in threads, outside of this clock.
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      }
    },
  };
}

async function createHome({ cluster, world, clock }: Stage, name: string): Promise<Home> {
  const journal = createMemoryJournal(clock);
  const client = cluster.client();
  const store = createClusterRolloutStore({ client, clock });
  const drivers = createLeaseDrivers({ client, store, clock, driver: { name, home: name, pid: 1 } });
  const book = new Map<string, BookedCluster>();
  const places = createPlaces({
    local: { store: createMemoryRolloutStore(), platform: world.platform },
    book: { keys: () => [...book.keys()], find: (key) => book.get(key), write: (key, one) => void book.set(key, one) },
    openCluster: () => Promise.resolve({ store, platform: world.platform, drivers }),
    journal,
  });
  const agent = await startAgent({ places, journal, clock });
  agents.push(agent);
  return {
    agent,
    journal,
    book,
    async deploy(version) {
      const { image } = contentOf(version);
      const request = { service: 'herald', environment: 'production', image, config: {}, secrets: {}, needs: [] };
      return (await agent.deploy({ ...request, revision: null, spec: SPEC, cluster: CLUSTER })).answer;
    },
    phase: () => readEnvironments(journal).get(KEY)?.now?.phase,
    told: () => journal.read({ subject: KEY }).flatMap(({ key }) => key ?? []),
  };
}

/** What a promise comes to while time goes on. */
async function meanwhile<Result>(stage: Stage, work: Promise<Result>, seconds = 20): Promise<Result> {
  work.catch(() => undefined);
  await stage.seconds(seconds);
  return work;
}

describe('two homes that know an environment of a cluster', () => {
  test('the one that stands by has the same journal as the one that drives, and drives when told to', async () => {
    const stage = createStage();
    const [ana, ben] = [await createHome(stage, 'ana'), await createHome(stage, 'ben')];
    await ana.deploy(1);
    await stage.seconds(10);
    expect(await ben.agent.know(KEY, CLUSTER)).toEqual({ exists: true });
    expect(ben.phase()).toBe('healthy');
    await ana.deploy(2);
    await stage.seconds(5);
    expect(ana.told().length).toBeGreaterThan(10);
    expect(ben.told()).toEqual(ana.told());
    expect(ben.phase()).toBe('paused');

    const aborted = await meanwhile(stage, ben.agent.command(KEY, { kind: 'abort' }), 5);
    expect(aborted.done).toBe(true);
    expect(ben.told()).toEqual(ana.told());
    expect(readEnvironments(ana.journal).get(KEY)?.rollouts.at(-1)?.ended?.outcome).toBe('aborted');
    expect(stage.world.desired(1)).toBe(2);
  });

  test('what was copied is not copied again until something new is told', async () => {
    const stage = createStage();
    const [ana, ben] = [await createHome(stage, 'ana'), await createHome(stage, 'ben')];
    await ana.deploy(1);
    await stage.seconds(10);
    await ben.agent.know(KEY, CLUSTER);
    await stage.seconds(2);
    const { append } = ben.journal;
    let copies = 0;
    Object.assign(ben.journal, {
      append: (drafts: Parameters<Journal['append']>[0]) => {
        copies += 1;
        return append(drafts);
      },
    });
    await stage.seconds(20);
    expect(copies).toBe(0);
    await ana.deploy(2);
    await stage.seconds(2);
    expect(copies).toBeGreaterThan(0);
    expect(ben.told()).toEqual(ana.told());
  });

  test('who only looks never drives; who has driven takes over from one that died', async () => {
    const stage = createStage();
    const [ana, ben, eva] = [
      await createHome(stage, 'ana'),
      await createHome(stage, 'ben'),
      await createHome(stage, 'eva'),
    ];
    await ben.deploy(1);
    await stage.seconds(10);
    await eva.agent.know(KEY, CLUSTER);
    await meanwhile(stage, ana.deploy(2), 5);
    expect(ben.phase()).toBe('paused');
    // Ana's process is gone: its timers run no more, and nobody has released anything.
    const lease = stage.cluster.objects.get('Lease/herald-production-slipway')!;
    const spec = { holderIdentity: 'zoe/zoe/9', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' };
    await stage.cluster.client().write({ ...lease, spec }, { kind: 'replace' });
    await stage.seconds(12);
    const looks = stage.world.looks;
    await stage.seconds(2);
    expect(stage.world.looks).toBe(looks);
    await stage.seconds(60);
    const ended = readEnvironments(eva.journal).get(KEY)?.rollouts.at(-1)?.ended?.outcome;
    expect(ended).toBe('promoted');
    expect(eva.book.get(KEY)?.standsBy).toBe(false);
    const keys = ben.told();
    expect(new Set(keys).size).toBe(keys.length);
    expect(eva.journal.read({ kinds: ['rollout.started'] })).toHaveLength(2);
  });

  test('who lets go is not waited for, and does not come back by itself', async () => {
    const stage = createStage();
    const [ana, ben] = [await createHome(stage, 'ana'), await createHome(stage, 'ben')];
    await ana.deploy(1);
    await stage.seconds(10);
    await meanwhile(stage, ana.agent.letGo(KEY), 2);
    const looks = stage.world.looks;
    await stage.seconds(20);
    expect(stage.world.looks).toBe(looks);
    await ben.agent.know(KEY, CLUSTER);
    const begun = stage.clock.monotonic();
    await ben.deploy(2);
    expect(stage.clock.monotonic() - begun).toBeLessThan(1000);
    await stage.seconds(3);
    expect(ana.phase()).toBe('paused');
  });

  test('an agent that ends lets go, also of what it was just told to let go of', async () => {
    const stage = createStage();
    const [ana, ben] = [await createHome(stage, 'ana'), await createHome(stage, 'ben')];
    await ana.deploy(1);
    await stage.seconds(10);
    const left = ana.agent.letGo(KEY);
    await meanwhile(stage, Promise.all([left, ana.agent.stop()]), 5);
    const begun = stage.clock.monotonic();
    await ben.deploy(2);
    expect(stage.clock.monotonic() - begun).toBeLessThan(1000);
  });

  test('a look that hangs keeps another from driving no longer than its limit', async () => {
    const stage = createStage();
    const [ana, ben] = [await createHome(stage, 'ana'), await createHome(stage, 'ben')];
    await ana.deploy(1);
    await stage.seconds(10);
    await ben.agent.know(KEY, CLUSTER);
    stage.world.hanging = true;
    await stage.seconds(2);
    const removed = ben.agent.command(KEY, { kind: 'remove' });
    await meanwhile(stage, Promise.resolve(), 22);
    stage.world.hanging = false;
    expect((await meanwhile(stage, removed, 25)).done).toBe(true);
    expect(ana.journal.read({ kinds: ['environment.removed'] })).toHaveLength(1);
  });

  test('one that is told its wish for ever and never lets go is told of', async () => {
    const stage = createStage();
    const [ana, ben] = [await createHome(stage, 'ana'), await createHome(stage, 'ben')];
    await ben.deploy(1);
    await stage.seconds(10);
    const lease = () => stage.cluster.objects.get('Lease/herald-production-slipway')!;
    await meanwhile(stage, ben.agent.letGo(KEY), 2);
    await ana.agent.know(KEY, CLUSTER);
    const deployed = ana.deploy(2);
    deployed.catch(() => undefined);
    for (let second = 0; second < 45; second += 1) {
      const spec = { holderIdentity: 'zoe@desk/zoe/9', leaseDurationSeconds: 15, renewTime: renewedAt(second) };
      await stage.cluster.client().write({ ...lease(), spec }, { kind: 'replace' });
      await stage.seconds(1);
    }
    await expect(deployed).rejects.toMatchObject({
      code: 'agent/not-let-go',
      message: expect.stringContaining('zoe@desk'),
    });
    expect(lease().metadata.annotations).toEqual({ 'slipway.dev/wanted-by': 'ana/ana/1' });
    expect(ana.journal.read({ kinds: ['release.created'] })).toHaveLength(1);
  });

  test('a record that was deleted is told of, a command says so at once, and when it is back all goes on', async () => {
    const stage = createStage();
    const ana = await createHome(stage, 'ana');
    await ana.deploy(1);
    await stage.seconds(10);
    const trouble = () => readEnvironments(ana.journal).get(KEY)?.trouble ?? null;
    const record = stage.cluster.objects.get('ConfigMap/herald-production-slipway')!;
    stage.cluster.objects.delete('ConfigMap/herald-production-slipway');
    const removed = () => meanwhile(stage, ana.agent.command(KEY, { kind: 'remove' }), 3);
    await expect(removed()).rejects.toMatchObject({
      code: 'agent/lost-record',
      hint: expect.stringMatching(/^Restore/),
    });
    await stage.seconds(3);
    expect(trouble()).toMatchObject({ message: expect.stringContaining('no record'), hint: expect.anything() });
    await expect(removed()).rejects.toMatchObject({ code: 'agent/lost-record' });
    const looks = stage.world.looks;
    await stage.seconds(20);
    expect(stage.world.looks).toBe(looks);
    await stage.cluster.client().write(record, { kind: 'create' });
    await stage.seconds(3);
    expect(trouble()).toBeNull();
    expect(stage.world.looks).toBeGreaterThan(looks);
  });

  test('an environment that another machine has removed is not told as lost', async () => {
    const stage = createStage();
    const [ana, ben] = [await createHome(stage, 'ana'), await createHome(stage, 'ben')];
    await ana.deploy(1);
    await stage.seconds(10);
    await meanwhile(stage, ben.agent.know(KEY, CLUSTER), 2);
    await meanwhile(stage, ana.agent.command(KEY, { kind: 'remove' }), 2);
    await stage.seconds(130);
    for (const { journal } of [ana, ben]) {
      expect(journal.read({ kinds: ['environment.gone'] })).toHaveLength(1);
      expect(journal.read({ kinds: ['agent.failed'] })).toEqual([]);
    }
  });

  test('an environment of this machine and one of a cluster can not share a name', async () => {
    const stage = createStage();
    const ana = await createHome(stage, 'ana');
    const { image } = contentOf(1);
    const request = { service: 'herald', environment: 'production', image, config: {}, secrets: {}, needs: [] };
    await ana.agent.deploy({ ...request, revision: null, spec: SPEC, cluster: null });
    await expect(ana.deploy(1)).rejects.toMatchObject({ code: 'agent/lives-elsewhere', kind: 'refused' });
    await expect(ana.agent.know(KEY, CLUSTER)).rejects.toMatchObject({ code: 'agent/lives-elsewhere' });
    const ben = await createHome(createStage(), 'ben');
    await ben.deploy(1);
    const local = ben.agent.deploy({ ...request, revision: null, spec: SPEC, cluster: null });
    await expect(local).rejects.toMatchObject({ code: 'agent/lives-elsewhere' });
  });

  test('a cluster that is reached in another way is the same one if its record is, else it is refused', async () => {
    const stage = createStage();
    const ana = await createHome(stage, 'ana');
    await ana.deploy(1);
    await stage.seconds(5);
    const renamed = { ...CLUSTER, context: 'renamed' };
    await meanwhile(stage, ana.agent.know(KEY, renamed), 2);
    expect(ana.book.get(KEY)?.cluster).toEqual(renamed);
    expect(ana.told().length).toBeGreaterThan(3);
    stage.cluster.objects.clear();
    await expect(ana.agent.know(KEY, CLUSTER)).rejects.toMatchObject({ code: 'agent/lives-elsewhere' });
  });
});

function renewedAt(second: number): string {
  return `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`;
}
