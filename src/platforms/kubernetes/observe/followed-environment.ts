/** All objects of one environment that are looked at again and again, kept up to date together. */

import type { EnvironmentContext, KubernetesSpec } from '../../../delivery/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { Fault } from '../../../kernel/fault.ts';
import type { ClusterClient, FollowedObjects, KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { kubernetesFault } from '../kubernetes-fault.ts';
import { environmentLabels, environmentName } from '../names.ts';
import { unschedulable } from './pod-failure.ts';
import { isGoing } from './release-status.ts';

export interface FollowedEnvironment {
  readonly client: ClusterClient;
  readonly traffic: KubernetesSpec['traffic'];
  /** Resolves when everything is known, and only if it is up to date. @throws Fault when it can't be seen. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Those that are not about to go. */
  deployments(): readonly KubernetesObject[];
  pods(): readonly KubernetesObject[];
  /** By name. */
  services(): ReadonlyMap<string, KubernetesObject>;
  /** The HTTPRoute or VirtualService; `undefined`: there is none, as also with a plain Service. */
  route(): KubernetesObject | undefined;
  /** Why a pod has found no node for a while; `null`: it has, or it is too early to say. */
  readonly stuck: (pod: KubernetesObject) => string | null;
  onChange(listener: () => void): () => void;
  close(): void;
}

/** How long a broken watch may be mended before what it said counts no more. */
const LONGEST_BROKEN = 10_000;
/** How long a pod may look for a node before that is a failure: a cluster that grows by itself needs a while. */
const PATIENCE_FOR_NODE = 10_000;

const ROUTES = { 'gateway-api': KINDS.httpRoute, istio: KINDS.virtualService, service: null } as const;

export interface FollowedEnvironmentOptions {
  readonly context: EnvironmentContext;
  readonly traffic: KubernetesSpec['traffic'];
  readonly client: ClusterClient;
  readonly clock: Clock;
}

export function followEnvironment({
  context,
  traffic,
  client,
  clock,
}: FollowedEnvironmentOptions): FollowedEnvironment {
  const { key } = context;
  const labels = environmentLabels(key);
  const deployments = client.follow({ ...KINDS.deployment, labels });
  const pods = client.follow({ ...KINDS.pod, labels });
  const services = client.follow({ ...KINDS.service, labels });
  const kind = ROUTES[traffic];
  const routes = kind === null ? null : client.follow({ ...kind, labels });
  const all: readonly FollowedObjects[] = [deployments, pods, services, ...(routes === null ? [] : [routes])];
  /** Since when (monotonic) a pod was seen to look for a node, by uid. */
  const looking = new Map<string, number>();

  const mustBeUpToDate = (): void => {
    for (const one of all) {
      const since = one.brokenSince();
      if (since !== null && clock.monotonic() - since > LONGEST_BROKEN) throw blind(key, one.trouble());
    }
  };
  return {
    client,
    traffic,
    async ready(signal) {
      await Promise.all(all.map((one) => one.ready(signal)));
      mustBeUpToDate();
    },
    deployments: () => [...deployments.objects().values()].filter((one) => !isGoing(one)),
    pods: () => [...pods.objects().values()],
    services: () => services.objects(),
    route: () => routes?.objects().get(environmentName(key)),
    stuck(pod) {
      const { uid = '' } = pod.metadata;
      const words = unschedulable(pod);
      if (words === null) {
        looking.delete(uid);
        return null;
      }
      const since = looking.get(uid) ?? clock.monotonic();
      looking.set(uid, since);
      return clock.monotonic() - since < PATIENCE_FOR_NODE ? null : words;
    },
    onChange(listener) {
      const ends = all.map((one) => one.onChange(listener));
      return () => ends.forEach((end) => end());
    },
    close: () => all.forEach((one) => one.close()),
  };
}

function blind(key: string, trouble: Error | null): Error {
  if (trouble instanceof Fault) return trouble;
  return kubernetesFault({
    code: 'kubernetes/unreachable',
    kind: 'unreachable',
    message: `What runs in ${key} can't be seen for a while now: ${trouble?.message ?? 'the watch is broken'}.`,
    hint: 'It is tried again; check the network and the API server.',
    retryable: true,
  });
}
