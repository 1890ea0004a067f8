/**
 * The platform on a cluster: a Deployment for each release, a route or a Service that splits the requests. It looks by
 * watches and writes only what is not so already; whatever it knows it can find out again, so any machine may go on.
 */

import type {
  EnvironmentContext,
  GatesEffect,
  Observation,
  Platform,
  Release,
  ReleaseStatus,
} from '../../delivery/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Fault } from '../../kernel/fault.ts';
import { exposeNewPods } from './apply/expose-pods.ts';
import { routeRequests } from './apply/route-requests.ts';
import { scaleRelease } from './apply/scale-release.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { CounterSource } from './counter-source.ts';
import { KINDS } from './kinds.ts';
import { isChanged } from './kubernetes-fault.ts';
import { environmentName, releaseName, secretName } from './names.ts';
import { deployment, whyNoImage } from './objects/index.ts';
import { followEnvironment, type FollowedEnvironment } from './observe/followed-environment.ts';
import { releaseOf, releaseStatus } from './observe/release-status.ts';
import { mustBeOfRecord } from './observe/same-record.ts';
import { httpRouteTraffic, serviceTraffic, virtualServiceTraffic } from './observe/seen-traffic.ts';

export interface KubernetesPlatformOptions {
  /** The client of the namespace that an environment lives in; asked for once for each environment. */
  readonly connect: (key: string) => Promise<ClusterClient>;
  readonly counters: CounterSource;
  readonly clock: Clock;
}

export interface KubernetesPlatform extends Platform {
  /** Looks at this environment no more, until it is asked for it again. */
  leave(key: string): void;
  /** Looks at nothing any more. What runs goes on. */
  close(): void;
}

export function createKubernetesPlatform({ connect, counters, clock }: KubernetesPlatformOptions): KubernetesPlatform {
  const environments = new Map<string, Promise<FollowedEnvironment>>();
  const listeners = new Map<string, Set<() => void>>();
  const gates = new Map<string, GatesEffect['runs']>();
  const turns = new Map<string, Promise<unknown>>();

  const begin = async (context: EnvironmentContext): Promise<FollowedEnvironment> => {
    const { key } = context;
    const client = await connect(key);
    const followed = followEnvironment({ context, traffic: trafficOf(context), client, clock });
    followed.onChange(() => listeners.get(key)?.forEach((listener) => listener()));
    return followed;
  };
  const leave = (key: string): void => {
    const left = environments.get(key);
    environments.delete(key);
    left?.then((followed) => followed.close()).catch(() => undefined);
  };
  /** Up to date, or the Fault that says why not. */
  const followedOf = async (
    context: EnvironmentContext,
    signal: AbortSignal | undefined,
  ): Promise<FollowedEnvironment> => {
    const { key } = context;
    const known = environments.get(key);
    if (known !== undefined && (await known).traffic !== trafficOf(context)) leave(key);
    const following = environments.get(key) ?? begin(context);
    environments.set(key, following);
    try {
      const followed = await following;
      await followed.ready(signal);
      return followed;
    } catch (error) {
      // The next look begins anew: the kubeconfig may be another one by then.
      if (environments.get(key) === following && error instanceof Fault && error.kind !== 'unreachable') leave(key);
      throw error;
    }
  };
  const environmentOf: typeof followedOf = async (context, signal) => {
    const followed = await followedOf(context, signal);
    mustBeOfRecord(followed, context);
    return followed;
  };
  /** One that is not waited for any longer has ended before the next begins. */
  const inTurn = async (key: string, work: () => Promise<void>): Promise<void> => {
    const mine = (turns.get(key) ?? Promise.resolve()).then(work);
    const settled = mine.catch(() => undefined);
    turns.set(key, settled);
    await mine;
  };

  return {
    async observe(context, signal) {
      const followed = await environmentOf(context, signal);
      await exposeNewPods(followed, serviceOf(followed, context), signal);
      return {
        releases: releasesIn(followed),
        traffic: trafficIn(followed, context),
        counters: await counters.read(context, signal),
        gates: Object.fromEntries((gates.get(context.key) ?? []).map(({ id }) => [id, NO_GATES])),
      };
    },
    async apply(context, effect, signal) {
      if (effect.kind === 'gates') {
        gates.set(context.key, effect.runs);
        return;
      }
      await inTurn(context.key, async () => {
        const place = { followed: await environmentOf(context, signal), context };
        if (effect.kind === 'scale') await scaleRelease(place, effect, signal);
        else await routeRequests(place, { effect, clock, signal });
      });
    },
    async check(context, release, signal) {
      const followed = await environmentOf(context, signal);
      return whyNot(followed.client, { context, release, signal });
    },
    watch(key, onChange) {
      const here = listeners.get(key) ?? new Set();
      listeners.set(key, here.add(onChange));
      return () => {
        here.delete(onChange);
        if (here.size === 0 && listeners.get(key) === here) listeners.delete(key);
      };
    },
    leave,
    close: () => [...environments.keys()].forEach(leave),
  };
}

/** Gates are run by whoever decorates the platform; on a cluster nobody does, and a project that asks for them is refused. */
const NO_GATES = { kind: 'error', summary: 'gates are not run for an environment on a cluster' } as const;

function trafficOf({ key, spec }: EnvironmentContext): FollowedEnvironment['traffic'] {
  if (spec.kubernetes === undefined) throw new Error(`${key} is not on a cluster`);
  return spec.kubernetes.traffic;
}

function releasesIn(followed: FollowedEnvironment): Observation['releases'] {
  const pods = Map.groupBy(followed.pods(), releaseOf);
  const statuses = followed.deployments().flatMap((deployed): [number, ReleaseStatus][] => {
    const release = releaseOf(deployed);
    return release === null ? [] : [[release, releaseStatus(deployed, pods.get(release) ?? [], followed.stuck)]];
  });
  return Object.fromEntries(statuses);
}

function trafficIn(followed: FollowedEnvironment, context: EnvironmentContext): Observation['traffic'] {
  switch (followed.traffic) {
    case 'gateway-api':
      return httpRouteTraffic(context, followed.route());
    case 'istio':
      return virtualServiceTraffic(context, followed.route());
    case 'service':
      return serviceTraffic(serviceOf(followed, context), followed.pods());
  }
}

function serviceOf(
  followed: FollowedEnvironment,
  { key }: EnvironmentContext,
): ReturnType<FollowedEnvironment['route']> {
  return followed.services().get(environmentName(key));
}

interface Question {
  readonly context: EnvironmentContext;
  readonly release: Release;
  readonly signal: AbortSignal | undefined;
}

/** What can be known without starting it: the versions of its secrets, and whether the cluster would take its Deployment. */
async function whyNot(client: ClusterClient, { context, release, signal }: Question): Promise<string | null> {
  const { kubernetes } = context.spec;
  const image = kubernetes === undefined ? null : whyNoImage(kubernetes, release);
  if (image !== null) return image;
  for (const [name, version] of Object.entries(release.content.secrets)) {
    const secret = secretName(context.key, name, version);
    if (await isThere(client, secret, signal)) continue;
    return `the version of the secret ${name} that it was deployed with is not in the cluster any more (Secret ${secret})`;
  }
  try {
    const reference = { ...KINDS.deployment, name: releaseName(context.key, release) };
    // One that is there was taken already.
    if ((await client.read(reference, signal)) !== null) return null;
    await client.write(deployment(context, release, context.spec.replicas), { kind: 'apply', dry: true }, signal);
    return null;
  } catch (error) {
    if (error instanceof Fault && error.kind === 'refused') return `${error.message} ${error.hint}`.replace(/\.$/, '');
    throw error;
  }
}

/** Nobody has a right to read a Secret here; but one that could be made is not there. */
async function isThere(client: ClusterClient, secret: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await client.write({ ...KINDS.secret, metadata: { name: secret } }, { kind: 'create', dry: true }, signal);
    return false;
  } catch (error) {
    if (isChanged(error)) return true;
    throw error;
  }
}
