/** An environment in a namespace of its own, driven by one platform, or by several that do not know of each other. */

import type { EnvironmentContext } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import {
  type ClusterClient,
  connectCluster,
  createKubernetesPlatform,
  type KubernetesPlatform,
} from '../../src/platforms/kubernetes/index.ts';
import {
  type SampleChange,
  sampleContext,
  sampleRelease,
} from '../../src/platforms/kubernetes/objects/sample-context.ts';
import type { ClusterRig, NamespaceRig } from '../rigs/cluster-rig.ts';

/** Without secrets, of which none are in the namespace. */
export const RELEASES = [1, 2, 3].map((number) => sampleRelease(number, { secrets: {} }));

export interface Stage {
  readonly rig: NamespaceRig;
  readonly context: EnvironmentContext;
  platform(): KubernetesPlatform;
  /** One that from some moment on sees what was then. */
  late(): { readonly platform: KubernetesPlatform; sleep(): void };
  readonly first: KubernetesPlatform;
}

/** `platforms`: where each is noted, to be closed. */
export async function createStage(
  cluster: ClusterRig,
  kubernetes: NonNullable<SampleChange['kubernetes']>,
  platforms: KubernetesPlatform[],
): Promise<Stage> {
  const { traffic = 'service' } = kubernetes;
  const rig = await cluster.namespace({ prefix: 'platform', traffic });
  const context = sampleContext({ kubernetes: { namespace: rig.name, ...kubernetes }, releases: RELEASES });
  const platform = (wrap = (client: ClusterClient): ClusterClient => client): KubernetesPlatform => {
    const target = { kubeconfig: rig.kubeconfig, context: null, namespace: rig.name };
    const made = createKubernetesPlatform({
      connect: async () => wrap(await connectCluster({ target, clock: systemClock, environment: {} })),
      counters: { read: () => Promise.resolve([]) },
      clock: systemClock,
    });
    platforms.push(made);
    return made;
  };
  const late = (): ReturnType<Stage['late']> => {
    const sleepers: (() => void)[] = [];
    const asleep = platform((client) => ({
      ...client,
      follow(query) {
        const followed = client.follow(query);
        let past: ReturnType<typeof followed.objects> | null = null;
        sleepers.push(() => (past = new Map(followed.objects())));
        return { ...followed, objects: () => past ?? followed.objects() };
      },
    }));
    return { platform: asleep, sleep: () => sleepers.forEach((sleep) => sleep()) };
  };
  return { rig, context, platform, late, first: platform() };
}
