/** Homes on several machines, as far as one machine can have them: each with a real agent in a process of its own, all knowing one environment of a cluster. */

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CommandAnswer,
  type EnvironmentSpec,
  type EnvironmentView,
  type KubernetesSpec,
  readEnvironments,
  type Strategy,
} from '../../src/delivery/index.ts';
import { type Entry, openSqliteJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { socketPath, temporaryFolder } from '../../src/kernel/workspace.ts';
import { type AgentClient, createAgentClient, type Known } from '../../src/server/index.ts';
import { expectNoLeftovers } from '../leftovers.ts';
import { QUICK, until } from './agent-rig.ts';
import type { NamespaceRig } from './cluster-rig.ts';
import { SPEC } from './engine-rig.ts';

const AGENT = join(import.meta.dirname, '../fixtures/cluster-agent/main.ts');
export const KEY = 'greeter/production';

export interface DriverHome {
  readonly client: AgentClient;
  /** With a failpoint (`intent#3`) it kills itself there. Resolves when it answers. */
  start(failpoint?: string): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Resolves when the agent has ended, however. */
  dead(): Promise<void>;
  deploy(version: number, plan?: Strategy): Promise<CommandAnswer>;
  know(): Promise<Known>;
  view(): EnvironmentView | undefined;
  /** Everything that its journal has of the environment. */
  entries(): readonly Entry[];
  /** Waits until the rollout with this number has ended, and nothing follows from that any more. */
  settled(number: number): Promise<void>;
  end(): Promise<void>;
}

export interface DriverOptions {
  readonly place: NamespaceRig;
  readonly leaseDuration: number;
  readonly traffic?: KubernetesSpec['traffic'];
}

export function createDriverHome({ place, leaseDuration, traffic = 'gateway-api' }: DriverOptions): DriverHome {
  const home = temporaryFolder('slipway-driver-');
  const client = createAgentClient(socketPath(home, 'agent.sock'));
  const cluster = { kubeconfig: place.kubeconfig, context: null, namespace: place.name };
  let child: ChildProcess | undefined;
  let gone: Promise<void> = Promise.resolve();

  const reading = <Result>(read: (journal: ReturnType<typeof openSqliteJournal>) => Result): Result => {
    const journal = openSqliteJournal({ path: join(home, 'slipway.db'), clock: systemClock });
    try {
      return read(journal);
    } finally {
      journal.close();
    }
  };
  const self: DriverHome = {
    client,
    async start(failpoint = '') {
      const started = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', AGENT, home, String(leaseDuration)],
        { env: { ...process.env, SLIPWAY_FAILPOINT: failpoint }, stdio: ['ignore', 'inherit', 'inherit'] },
      );
      child = started;
      gone = new Promise((resolve) => started.on('exit', () => resolve()));
      await until(async () => (await client.info().catch(() => null)) !== null || started.signalCode !== null);
    },
    kill: (signal) => void child?.kill(signal),
    dead: () => gone,
    deploy(version, plan = QUICK) {
      const [service = '', environment = ''] = KEY.split('/');
      const image = sha256(`image ${version}`);
      const request = { service, environment, image, config: {}, secrets: {}, needs: [], revision: null };
      return client.deploy({ ...request, spec: specOf(place, traffic, plan), cluster });
    },
    know: () => client.know(KEY, cluster),
    view: () => reading((journal) => readEnvironments(journal).get(KEY)),
    entries: () => reading((journal) => journal.read({ subject: KEY })),
    async settled(number) {
      const over = (): boolean => {
        const view = self.view();
        const rollout = view?.rollouts.find(({ started }) => started.number === number);
        return (rollout?.ended ?? null) !== null && view?.now?.candidate === null;
      };
      await until(() => Promise.resolve(over()), 30_000).catch((error: unknown) => {
        const last = self
          .entries()
          .slice(-12)
          .map(({ kind, data }) => `${kind} ${JSON.stringify(data)}`);
        throw new Error(`rollout ${number} did not end:\n${last.join('\n')}`, { cause: error });
      });
    },
    async end() {
      if ((await client.info().catch(() => null)) === null) await self.start();
      await client.stop(true);
      await gone;
      await expectNoLeftovers(home);
      rmSync(home, { recursive: true });
    },
  };
  return self;
}

function specOf(place: NamespaceRig, traffic: KubernetesSpec['traffic'], strategy: Strategy): EnvironmentSpec {
  const kubernetes: KubernetesSpec = {
    namespace: place.name,
    traffic,
    gateway: traffic === 'gateway-api' ? { name: 'front', namespace: null } : null,
    hosts: [],
    runtimeClass: null,
    repository: 'registry.example/greeter',
    pullSecret: null,
    resources: { cpu: null, memory: null },
    prometheus: null,
  };
  return { ...SPEC, replicas: 2, strategy, keep: 1, kubernetes };
}
