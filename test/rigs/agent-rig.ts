/** A home with a real agent in a process of its own, stub replicas, and a load that knows nothing of Slipway's counters. */

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CanaryPlan,
  type EnvironmentSpec,
  type EnvironmentView,
  readEnvironments,
  type RolloutView,
  type Strategy,
} from '../../src/delivery/index.ts';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { socketPath, temporaryFolder } from '../../src/kernel/workspace.ts';
import { createRouterClient } from '../../src/platforms/embedded/router-client.ts';
import { openHomePaths } from '../../src/platforms/embedded/home-paths.ts';
import { type AgentClient, createAgentClient } from '../../src/server/index.ts';
import { expectNoLeftovers } from '../leftovers.ts';
import { type Load, type LoadOptions, startLoad } from '../load/load.ts';
import { PLAN, SPEC } from './engine-rig.ts';

const AGENT = join(import.meta.dirname, '../fixtures/agent/main.ts');
export const KEY = 'greeter/local';

/** Short pauses: what is tested is the order of things, not their length. */
export const QUICK: CanaryPlan = {
  ...PLAN,
  steps: [
    { kind: 'weight', weight: 0.1 },
    { kind: 'pause', duration: 700 },
    { kind: 'weight', weight: 0.5 },
    { kind: 'pause', duration: 700 },
    { kind: 'weight', weight: 1 },
  ],
  keep: 0,
};

export interface AgentRig {
  readonly home: string;
  readonly client: AgentClient;
  /** Starts an agent; with a failpoint (`intent#3`) it kills itself there. Resolves when it answers. */
  start(failpoint?: string): Promise<void>;
  kill(): Promise<void>;
  /** Resolves when the agent has ended, however. */
  readonly dead: () => Promise<void>;
  deploy(config: Readonly<Record<string, string>>, plan?: Strategy, changes?: Partial<EnvironmentSpec>): Promise<void>;
  view(): EnvironmentView;
  /** Waits until the rollout with this number has ended. */
  ended(number: number): Promise<RolloutView>;
  /** Starts as soon as a release serves. */
  load(rate?: number, changes?: Partial<LoadOptions>): Promise<Load>;
  /**
   * Samples the split in force; consecutive equal ones are one. The returned function waits until `last` gets all requests
   * and ends it.
   */
  sampleShares(): (last: number) => Promise<readonly Readonly<Record<number, number>>[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** With a component the replicas are real hosts of it; else they are stubs. */
export function createAgentRig({ component }: { readonly component?: string } = {}): AgentRig {
  const home = temporaryFolder('slipway-agent-');
  const client = createAgentClient(socketPath(home, 'agent.sock'));
  let gone: Promise<void> = Promise.resolve();
  let pid: number | undefined;
  const loads: Load[] = [];

  const view = (): EnvironmentView => {
    const journal = openSqliteJournal({ path: join(home, 'slipway.db'), clock: systemClock });
    try {
      const found = readEnvironments(journal).get(KEY);
      if (found === undefined) throw new Error('nothing was deployed yet');
      return found;
    } finally {
      journal.close();
    }
  };

  const rig: AgentRig = {
    home,
    client,
    async start(failpoint = '') {
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', AGENT, home, ...(component === undefined ? [] : [component])],
        {
          env: { ...process.env, SLIPWAY_FAILPOINT: failpoint },
          stdio: ['ignore', 'inherit', 'inherit'],
        },
      );
      pid = child.pid;
      gone = new Promise((resolve) => child.on('exit', () => resolve()));
      await until(
        async () =>
          (await client.info().catch(() => null)) !== null || child.exitCode !== null || child.signalCode !== null,
      );
    },
    async kill() {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      await gone;
    },
    dead: () => gone,
    async deploy(config, plan = QUICK, changes = {}) {
      const limits = { memory: 64 * 1024 * 1024, request: 2000 };
      const spec: EnvironmentSpec = { ...SPEC, replicas: 2, strategy: plan, keep: 1, limits, ...changes };
      const [service = '', environment = ''] = KEY.split('/');
      await client.deploy({
        service,
        environment,
        image: sha256('image'),
        config,
        secrets: {},
        needs: [],
        revision: null,
        spec,
        cluster: null,
      });
    },
    view,
    async ended(number) {
      const find = (): RolloutView | undefined => view().rollouts.find(({ started }) => started.number === number);
      await until(() => Promise.resolve((find()?.ended ?? null) !== null && view().now?.candidate === null));
      const found = find();
      if (found === undefined) throw new Error(`there is no rollout ${number}`);
      return found;
    },
    async load(rate = 200, changes = {}) {
      const { url } = await client.router();
      await until(() => Promise.resolve(Object.keys(view().now?.shares ?? {}).length > 0));
      const prefix = `load${loads.length}`;
      const log = join(home, `${prefix}.ndjson`);
      const load = startLoad({
        url,
        host: `${KEY.replace('/', '.')}.localhost`,
        rate,
        paths: ['/ok'],
        log,
        prefix,
        ...changes,
      });
      loads.push(load);
      return load;
    },
    sampleShares() {
      const router = createRouterClient(openHomePaths(home).router.control);
      const seen: Readonly<Record<number, number>>[] = [];
      const ending = new AbortController();
      const loop = async (): Promise<void> => {
        while (!ending.signal.aborted) {
          const state = await router.state().catch(() => null);
          const shares = state?.environments[KEY]?.shares;
          if (shares !== undefined && JSON.stringify(shares) !== JSON.stringify(seen.at(-1))) seen.push(shares);
          await systemClock.sleep(5);
        }
        router.close();
      };
      void loop();
      return async (last) => {
        await until(() => Promise.resolve(seen.at(-1)?.[last] === 1));
        ending.abort();
        return seen;
      };
    },
    async [Symbol.asyncDispose]() {
      // A test that failed has not stopped its load.
      for (const load of loads) await load.stop().catch(() => undefined);
      if ((await client.info().catch(() => null)) === null) await rig.start();
      await client.stop(true);
      await gone;
      await expectNoLeftovers(home);
      rmSync(home, { recursive: true });
    },
  };
  return rig;
}

export async function until(holds: () => Promise<boolean>, patience = 60_000): Promise<void> {
  const deadline = performance.now() + patience;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${holds.toString()} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
