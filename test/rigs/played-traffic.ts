/**
 * What users would see of an environment on a cluster, and what would be counted: nothing runs in its pods, so requests are
 * imagined, dealt by the split that the objects in the cluster say, as seen by nobody but this rig.
 */

import {
  type CounterRow,
  type EnvironmentSpec,
  LATENCY_EDGES,
  type SimulatedRelease,
} from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createRandom } from '../../src/kernel/random.ts';
import type { CounterSource } from '../../src/platforms/kubernetes/counter-source.ts';
import { environmentName, LABELS } from '../../src/platforms/kubernetes/names.ts';
import type { AdminClient, ApiObject, WatchedEvent } from '../cluster/admin-client.ts';

export interface PlayedTraffic {
  readonly counters: CounterSource;
  /** What was counted, whoever can have it. */
  rows(): readonly CounterRow[];
  /** Release number → ready pods. */
  ready(): Readonly<Record<number, number>>;
  /** Release number → share of the requests, as it is in force. */
  shares(): Readonly<Record<number, number>>;
  /** Requests per second from now on. */
  setRate(rate: number): void;
  /** Whether counters can be had; `empty`: the source answers and knows nothing. */
  setMetrics(state: 'up' | 'down' | 'empty'): void;
  close(): void;
}

export interface PlayedTrafficOptions {
  readonly admin: AdminClient;
  readonly namespace: string;
  /** `service/environment`. */
  readonly key: string;
  readonly traffic: NonNullable<EnvironmentSpec['kubernetes']>['traffic'];
  readonly seed: number;
  /** How the release with this number answers now. */
  readonly behaviourOf: (release: number) => Pick<SimulatedRelease, 'errors' | 'traps'> | null;
}

type Tally = { requests: number; errors: number; traps: number };

const STEP = 50;

export function createPlayedTraffic(options: PlayedTrafficOptions): PlayedTraffic {
  const { admin, namespace, key, traffic, seed, behaviourOf } = options;
  const name = environmentName(key);
  const random = createRandom(seed);
  const pods = new Map<string, ApiObject>();
  const tallies = new Map<string, Tally & { readonly release: number }>();
  const owed = new Map<number, number>();
  let route: Shares = {};
  let selector: Readonly<Record<string, string>> | null = null;
  let rate = 0;
  let turn = 0;
  let metrics: 'up' | 'down' | 'empty' = 'up';

  const readyPods = (): readonly ApiObject[] => [...pods.values()].filter(isReady);
  const shares = (): Shares => {
    if (traffic !== 'service') return route;
    const exposed = readyPods().filter((pod) => selector !== null && isSelected(pod, selector));
    return sharesOf(exposed.map(releaseOf));
  };
  const send = (release: number, requests: number): void => {
    const serving = readyPods().filter((pod) => releaseOf(pod) === release);
    const { errors = 0, traps = 0 } = behaviourOf(release) ?? {};
    for (let left = requests; left > 0 && serving.length > 0; left -= 1) {
      turn += 1;
      const pod = serving[turn % serving.length]?.metadata.name ?? '';
      const tally = tallies.get(pod) ?? { release, requests: 0, errors: 0, traps: 0 };
      const luck = random.next();
      tally.requests += 1;
      if (luck < errors + traps) tally.errors += 1;
      if (luck < traps) tally.traps += 1;
      tallies.set(pod, tally);
    }
  };
  let sentAt = systemClock.monotonic();
  const timer = setInterval(() => {
    const now = systemClock.monotonic();
    for (const [number, share] of Object.entries(shares())) {
      const due = (owed.get(Number(number)) ?? 0) + (share * rate * (now - sentAt)) / 1000;
      send(Number(number), Math.floor(due));
      owed.set(Number(number), due % 1);
    }
    sentAt = now;
  }, STEP);

  const followed = [
    admin.follow(`/api/v1/namespaces/${namespace}/pods`, ({ type, object }) => {
      if (type === 'DELETED') pods.delete(object.metadata.name);
      else pods.set(object.metadata.name, object);
    }),
    followOne(`/api/v1/namespaces/${namespace}/services`, (service) => {
      selector = (service?.['spec'] as { selector?: Readonly<Record<string, string>> } | undefined)?.selector ?? null;
    }),
    ...(traffic === 'gateway-api'
      ? [followOne(ROUTES(namespace), (found) => (route = sharesInForce(found) ?? route))]
      : []),
  ];

  function followOne(path: string, see: (object: ApiObject | null) => void): { readonly close: () => void } {
    const onEvent = ({ type, object }: WatchedEvent): void => {
      if (object.metadata.name === name) see(type === 'DELETED' ? null : object);
    };
    return admin.follow(path, onEvent);
  }

  const rows = (): readonly CounterRow[] => [...tallies].map(([pod, tally]) => rowOf(pod, tally));
  return {
    counters: {
      read() {
        if (metrics === 'down') return Promise.resolve(null);
        return Promise.resolve(metrics === 'empty' ? [] : rows());
      },
    },
    rows,
    ready: () => countsOf(readyPods().map(releaseOf)),
    shares,
    setRate: (next) => {
      rate = next;
    },
    setMetrics: (state) => {
      metrics = state;
    },
    close: () => {
      clearInterval(timer);
      for (const { close } of followed) close();
    },
  };
}

export type Shares = Readonly<Record<number, number>>;

const ROUTES = (namespace: string): string => `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`;

/** All requests take a few milliseconds: what is told apart here is whether they go well. */
function rowOf(replica: string, { release, ...counts }: Tally & { readonly release: number }): CounterRow {
  const latency = {
    edges: LATENCY_EDGES,
    counts: [...LATENCY_EDGES, Infinity].map((edge) => (edge === 5 ? counts.requests : 0)),
  };
  const common = { epoch: 'played', source: 'split', platform: null, timeouts: 0, units: null } as const;
  return { release, replica, ...common, ...counts, latency };
}

/** `null`: what it says is not in force yet, so what was goes on. */
export function sharesInForce(route: ApiObject | null): Shares | null {
  if (route === null) return {};
  const { parents = [] } = (route['status'] ?? {}) as {
    parents?: readonly {
      readonly conditions: readonly { readonly status: string; readonly observedGeneration?: number }[];
    }[];
  };
  const holds = parents.every(({ conditions }) =>
    conditions.every((one) => one.status === 'True' && one.observedGeneration === route.metadata.generation),
  );
  if (parents.length === 0 || !holds) return null;
  const { rules } = route['spec'] as {
    rules: readonly { readonly backendRefs: readonly { readonly name: string; readonly weight: number }[] }[];
  };
  // The last rule is the one for all requests that ask for nothing by their headers.
  const backends = rules.at(-1)?.backendRefs ?? [];
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  return Object.fromEntries(
    backends.flatMap(({ name, weight }) =>
      weight === 0 ? [] : [[Number(/-(\d+)-[0-9a-f]{8}$/.exec(name)?.[1]), weight / total]],
    ),
  );
}

function isReady({ metadata, ...pod }: ApiObject): boolean {
  const { conditions = [] } = (pod['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready && metadata.deletionTimestamp === undefined;
}

function isSelected({ metadata }: ApiObject, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([label, value]) => metadata.labels?.[label] === value);
}

function releaseOf({ metadata }: ApiObject): number {
  return Number(metadata.labels?.[LABELS.release]);
}

function countsOf(releases: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const release of releases) counts[release] = (counts[release] ?? 0) + 1;
  return counts;
}

function sharesOf(releases: readonly number[]): Shares {
  return Object.fromEntries(
    Object.entries(countsOf(releases)).map(([release, count]) => [release, count / releases.length]),
  );
}
