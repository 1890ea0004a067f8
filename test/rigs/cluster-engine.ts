/** The engine of one environment on a cluster, in this process: looks as an agent does, and can be made again from the store. */

import {
  type Command,
  type CommandAnswer,
  createController,
  createEnvironmentFold,
  type EnvironmentSpec,
  type EnvironmentState,
  type RolloutView,
} from '../../src/delivery/index.ts';
import { createMemoryJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLookLoop } from '../../src/platforms/embedded/look-loop.ts';
import { connectCluster } from '../../src/platforms/kubernetes/client/index.ts';
import { createClusterRolloutStore } from '../../src/platforms/kubernetes/cluster-rollout-store.ts';
import type { CounterSource } from '../../src/platforms/kubernetes/counter-source.ts';
import { createKubernetesPlatform } from '../../src/platforms/kubernetes/kubernetes-platform.ts';
import type { NamespaceRig } from './cluster-rig.ts';

export interface ClusterEngine {
  command(command: Command): Promise<CommandAnswer>;
  /** Its memory is gone; another one goes on from what is in the cluster. */
  crash(): Promise<void>;
  state(): EnvironmentState;
  /** Of the rollout that ended last. */
  lastOutcome(): string | null;
  /** `v2 promoted`, for each rollout that has ended. */
  outcomes(labelOf: (state: EnvironmentState, number: number) => string): readonly string[];
  end(): Promise<void>;
}

export interface ClusterEngineOptions {
  readonly key: string;
  readonly spec: EnvironmentSpec;
  readonly place: NamespaceRig;
  readonly counters: CounterSource;
}

/** What happens without a sign of the cluster (a pause that is over) is seen so soon, in milliseconds. */
const LOOKS_EVERY = 400;

export async function openClusterEngine({ key, spec, place, counters }: ClusterEngineOptions): Promise<ClusterEngine> {
  const clock = systemClock;
  const target = { kubeconfig: place.kubeconfig, context: null, namespace: place.name };
  const client = await connectCluster({ target, clock, environment: {} });
  const platform = createKubernetesPlatform({ connect: () => Promise.resolve(client), clock, counters });
  const journal = createMemoryJournal(clock);
  const create = () => {
    const store = createClusterRolloutStore({ client, clock });
    return createController({ key, spec, store, platform, journal, clock });
  };
  const fold = createEnvironmentFold();
  let read = 0;
  let rollouts: readonly RolloutView[] = [];
  let controller = await create();
  const loop = () => createLookLoop({ clock, every: LOOKS_EVERY, look: async () => void (await controller.tick()) });
  let looks = loop();
  looks.start();
  const unwatch = platform.watch(key, () => looks.kick());

  const ended = (): readonly RolloutView[] => {
    const entries = journal.read({ after: read });
    if (entries.length === 0) return rollouts;
    read = entries.at(-1)?.seq ?? read;
    fold.add(entries);
    rollouts = (fold.views().get(key)?.rollouts ?? []).filter((rollout) => rollout.ended !== null);
    return rollouts;
  };
  return {
    command: (command) => controller.command(command),
    async crash() {
      await looks.end();
      controller = await create();
      looks = loop();
      looks.start();
    },
    state: () => controller.state(),
    lastOutcome: () => ended().at(-1)?.ended?.outcome ?? null,
    outcomes: (labelOf) =>
      ended().map(({ started, ended: end }) => `${labelOf(controller.state(), started.candidate)} ${end?.outcome}`),
    async end() {
      unwatch();
      await looks.end();
      platform.close();
    },
  };
}
