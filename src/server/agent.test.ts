import { afterEach, describe, expect, test } from 'vitest';
import { contentOf, createWorld, SPEC, type World } from '../../test/rigs/engine-rig.ts';
import { createMemoryRolloutStore, readEnvironments, type RolloutStore } from '../delivery/index.ts';
import { createMemoryJournal, type Journal } from '../journal/index.ts';
import { createManualClock, type ManualClock } from '../kernel/clock.ts';
import { type Agent, createLocalPlaces, startAgent } from './index.ts';

interface Home {
  readonly world: World;
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly store: RolloutStore;
  agent: Agent;
  /** Another agent in the same home, after the one before has stopped. */
  restart(): Promise<void>;
  deploy(environment: string, version: number): Promise<string>;
  seconds(count: number): Promise<void>;
  phase(environment: string): string | undefined;
  kinds(kind: string): number;
}

const agents: Agent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop();
});

async function createHome(store: RolloutStore = createMemoryRolloutStore()): Promise<Home> {
  const world = createWorld();
  const clock = createManualClock(1_000_000);
  const journal = createMemoryJournal(clock);
  const start = async (): Promise<Agent> => {
    const agent = await startAgent({ places: createLocalPlaces({ store, platform: world.platform }), journal, clock });
    agents.push(agent);
    return agent;
  };
  const home: Home = {
    world,
    clock,
    journal,
    store,
    agent: await start(),
    async restart() {
      await home.agent.stop();
      home.agent = await start();
    },
    async deploy(environment, version) {
      const { image } = contentOf(version);
      const request = {
        service: 'herald',
        environment,
        image,
        config: {},
        secrets: {},
        needs: [],
        revision: null,
        spec: SPEC,
        cluster: null,
      };
      return (await home.agent.deploy(request)).answer;
    },
    async seconds(count) {
      for (let second = 0; second < count; second += 1) {
        world.second();
        await clock.advance(1000);
        await clock.advance(0);
      }
    },
    phase: (environment) => readEnvironments(journal).get(`herald/${environment}`)?.now?.phase,
    kinds: (kind) => journal.read({ kinds: [kind] }).length,
  };
  return home;
}

describe('an agent', () => {
  test('looks after what was deployed, and after it was started again', async () => {
    const home = await createHome();
    await home.deploy('local', 1);
    await home.seconds(10);
    expect(home.phase('local')).toBe('healthy');
    await home.deploy('local', 2);
    await home.restart();
    await home.seconds(62);
    expect(readEnvironments(home.journal).get('herald/local')?.now).toMatchObject({ phase: 'healthy', stable: 2 });
  });

  test('does not look after an environment before anything is deployed there', async () => {
    const home = await createHome();
    await home.seconds(5);
    expect(home.world.looks).toBe(0);
    await expect(home.agent.command('herald/local', { kind: 'abort' })).rejects.toMatchObject({
      code: 'agent/no-such-environment',
    });
    expect(await home.store.list()).toEqual([]);
  });

  test('tells of a world that can not be seen once, and when it is seen again', async () => {
    const home = await createHome();
    await home.deploy('local', 1);
    home.world.unreachable = true;
    await home.seconds(300);
    expect(home.kinds('agent.failed')).toBe(1);
    expect(home.kinds('agent.recovered')).toBe(0);
    home.world.unreachable = false;
    await home.seconds(40);
    expect(home.kinds('agent.recovered')).toBe(1);
    expect(home.phase('local')).toBe('healthy');
  });

  test('tells that the trouble of an agent before it is over', async () => {
    const home = await createHome();
    await home.deploy('local', 1);
    home.world.unreachable = true;
    await home.seconds(5);
    await home.agent.stop();
    home.world.unreachable = false;
    await home.restart();
    await home.seconds(5);
    expect([home.kinds('agent.failed'), home.kinds('agent.recovered')]).toEqual([1, 1]);
  });

  test('gives up a call that hangs, and goes on when the platform answers again', async () => {
    const home = await createHome();
    await home.deploy('local', 1);
    await home.seconds(10);
    home.world.hanging = true;
    await home.seconds(1);
    const deployed = home.deploy('local', 2);
    await home.seconds(60);
    expect(await deployed).toContain('as soon as that is possible: The platform did not answer within 20s');
    home.world.hanging = false;
    await home.seconds(21);
    expect(home.phase('local')).toBe('paused');
  });

  test('stops while a call hangs, and keeps what was meant', async () => {
    const home = await createHome();
    await home.deploy('local', 1);
    await home.seconds(10);
    home.world.hanging = true;
    await home.seconds(1);
    const deployed = home.deploy('local', 2);
    deployed.catch(() => undefined);
    let stopped = false;
    void home.agent.stop().then(() => (stopped = true));
    await home.seconds(2);
    expect(stopped).toBe(false);
    await home.seconds(2);
    expect(stopped).toBe(true);
    await expect(home.deploy('local', 3)).rejects.toMatchObject({ code: 'agent/stopping' });
    home.world.hanging = false;
    await home.restart();
    await home.seconds(2);
    expect(home.kinds('rollout.started')).toBe(2);
    expect(home.phase('local')).toBe('paused');
  });

  test('forgets a removed environment once nothing of it is left, and takes it up again', async () => {
    const home = await createHome();
    await home.deploy('preview', 1);
    await home.deploy('local', 1);
    await home.seconds(10);
    await home.agent.command('herald/preview', { kind: 'remove' });
    await home.seconds(5);
    expect(await home.store.list()).toEqual(['herald/local']);
    await expect(home.agent.command('herald/preview', { kind: 'abort' })).rejects.toMatchObject({
      code: 'agent/no-such-environment',
      hint: 'There are herald/local.',
    });
    await home.deploy('preview', 2);
    await home.seconds(10);
    expect(await home.store.list()).toEqual(['herald/local', 'herald/preview']);
    expect(home.phase('preview')).toBe('healthy');
  });

  test('refuses an image that is not well in an environment that it must have passed', async () => {
    const home = await createHome();
    const deploy = (environment: string, version: number, needs: readonly string[] = []) => {
      const { image } = contentOf(version);
      const request = {
        service: 'herald',
        environment,
        image,
        config: {},
        secrets: {},
        needs,
        revision: null,
        spec: SPEC,
        cluster: null,
      };
      return home.agent.deploy(request);
    };
    const refusal = async (): Promise<string> => {
      const error: unknown = await deploy('production', 1, ['staging']).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'delivery/needs-environment', kind: 'refused' });
      return (error as Error).message.replace(/^.* and it is not: /, '');
    };
    expect(await refusal()).toBe('nothing is deployed there.');
    await deploy('staging', 2);
    await home.seconds(10);
    expect(await refusal()).toBe('#1 of another image serves there.');
    await deploy('staging', 1);
    await home.seconds(5);
    expect(await refusal()).toBe('it is still being rolled out there: the plan pauses here for 1m.');
    await home.seconds(90);
    expect(home.phase('staging')).toBe('healthy');
    expect((await deploy('production', 1, ['staging'])).answer).toBe('rolling out #1');
    expect(home.phase('production')).toBe('progressing');
  });

  test('starts although the record of one environment can not be read', async () => {
    const store = createMemoryRolloutStore();
    const home = await createHome(store);
    await home.deploy('local', 1);
    await home.deploy('broken', 1);
    await home.agent.stop();
    const load = store.load.bind(store);
    store.load = (key) => (key === 'herald/broken' ? Promise.reject(new Error('not JSON')) : load(key));
    await home.restart();
    await home.seconds(40);
    expect(home.phase('local')).toBe('healthy');
    expect(home.journal.read({ kinds: ['agent.failed'] }).map(({ subject }) => subject)).toEqual(['herald/broken']);
    await expect(home.deploy('broken', 2)).rejects.toThrow('not JSON');
  });
});
