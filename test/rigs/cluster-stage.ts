/**
 * A stage for rehearsal files on a real API server: the engine, the platform and the store of a cluster, under an account
 * with the least rights; pods and routes are played. Many rehearsals play at once, each in a namespace of its own.
 */

import type { EnvironmentSpec, KubernetesSpec, Rehearsal, Strategy } from '../../src/delivery/index.ts';
import { type Cast, createCast, ENVIRONMENT, SERVICE } from '../../src/delivery/rehearsal/cast.ts';
import { createPerformer, type Performer, type PlayedWorld } from '../../src/delivery/rehearsal/perform.ts';
import { activeRollout, phaseOf } from '../../src/delivery/turn.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { hexOf, sha256 } from '../../src/kernel/digest.ts';
import type { PodRule } from '../cluster/node/pod-behaviour.ts';
import { until } from './agent-rig.ts';
import { type ClusterEngine, openClusterEngine } from './cluster-engine.ts';
import type { ClusterRig, NamespaceRig } from './cluster-rig.ts';
import { createPlayedTraffic, type PlayedTraffic } from './played-traffic.ts';
import type { Sight } from './sights.ts';

export interface ClusterPerformance {
  /** All that was seen, whenever it changed. */
  readonly sights: readonly Sight[];
  /** Candidate and outcome of each rollout that has ended, by the names of the rehearsal. */
  readonly outcomes: readonly string[];
}

const KEY = `${SERVICE}/${ENVIRONMENT}`;
const LOOK_EVERY = 100;

/** How the first release comes to be there: at once, with nothing asked. */
const AT_ONCE: Partial<EnvironmentSpec> = {
  strategy: {
    kind: 'rolling',
    maxSurge: { share: 1 },
    maxUnavailable: { count: 0 },
    deadline: 60_000,
    onDeadline: 'abort',
  } satisfies Strategy,
  approval: { count: 0, by: [], expires: null },
  guard: 0,
};

/** Plays a rehearsal that was made shorter by `pace` already; its requests come so much faster. */
export async function playOnCluster(rig: ClusterRig, rehearsal: Rehearsal, pace: number): Promise<ClusterPerformance> {
  const traffic = rehearsal.routing === 'replicas' ? 'service' : 'gateway-api';
  const place = await rig.namespace({ prefix: 'play', traffic });
  const cast = createCast(rehearsal);
  const { start } = rehearsal;
  const onCluster = { ...rehearsal, spec: { ...rehearsal.spec, kubernetes: kubernetesSpec(place.name, traffic) } };
  const behaviours = new Map(Object.entries(rehearsal.releases));
  const nameOf = (number: number): string | null => {
    const release = engine.state().releases[number];
    return release === undefined ? null : cast.nameOf(release);
  };
  const seen = createPlayedTraffic({
    admin: rig.admin,
    namespace: place.name,
    key: KEY,
    traffic,
    seed: rehearsal.seed,
    behaviourOf: (number) => behaviours.get(nameOf(number) ?? '') ?? null,
  });
  const engine = await openClusterEngine({ key: KEY, spec: onCluster.spec, place, counters: seen.counters });
  const world = createWorld({ place, behaviours, seen, pace, traffic });
  try {
    await world.begin();
    if (start !== null) {
      const content = cast.contentOf(start, rehearsal);
      await engine.command({ kind: 'deploy', content, revision: null, spec: { ...onCluster.spec, ...AT_ONCE } });
      await until(() => Promise.resolve(engine.state().stable === 1 && seen.shares()[1] === 1));
    }
    seen.setRate(rehearsal.traffic * pace);
    const performer = createPerformer({ rehearsal: onCluster, cast, engine, platform: world.played });
    const sights = await perform({
      rehearsal,
      performer,
      world,
      sight: (view) => sightOf(view, { engine, cast, seen }),
    });
    return { sights, outcomes: engine.outcomes(cast.labelOf).slice(start === null ? 0 : 1) };
  } finally {
    await engine.end();
    seen.close();
    await place.remove();
  }
}

function kubernetesSpec(namespace: string, traffic: KubernetesSpec['traffic']): KubernetesSpec {
  return {
    namespace,
    traffic,
    gateway: traffic === 'gateway-api' ? { name: 'front', namespace: null } : null,
    hosts: [],
    runtimeClass: null,
    repository: 'registry.example/rehearsal',
    pullSecret: null,
    resources: { cpu: null, memory: null },
    prometheus: null,
  };
}

interface WorldParts {
  readonly place: NamespaceRig;
  /** By the names of the rehearsal; changed by its events. */
  readonly behaviours: Map<string, Rehearsal['releases'][string]>;
  readonly seen: PlayedTraffic;
  readonly pace: number;
  readonly traffic: KubernetesSpec['traffic'];
}

interface ClusterWorld {
  begin(): Promise<void>;
  /** Resolves when the cluster was told what the last event has changed. */
  settled(): Promise<void>;
  readonly played: PlayedWorld;
}

function createWorld({ place, behaviours, seen, pace, traffic }: WorldParts): ClusterWorld {
  const gateway = traffic === 'gateway-api' ? place.playGateway() : null;
  const play = (): Promise<void> => place.play([...behaviours].map(([name, behaviour]) => ruleOf(name, behaviour)));
  let telling: Promise<void> = Promise.resolve();
  return {
    begin: play,
    settled: () => telling,
    played: {
      setMetrics(state) {
        if (state !== 'up' && state !== 'down' && state !== 'empty') throw new Error(`metrics can't be ${state} here`);
        seen.setMetrics(state);
      },
      setRouterDelay: (delay) => gateway?.takes(delay / pace),
      setTraffic: (rate) => seen.setRate(rate * pace),
      setRelease(name, { gates: _gates, ...change }) {
        const behaviour = behaviours.get(name);
        if (behaviour === undefined) throw new Error(`the rehearsal describes no ${name}`);
        behaviours.set(name, { ...behaviour, ...change });
        telling = play();
      },
    },
  };
}

/** A release is known to the pods by its image. */
function ruleOf(name: string, { startsIn, maxReady, crashes }: Rehearsal['releases'][string]): PodRule {
  const crash = { after: 20, again: 2000, code: 1, lastWords: 'panic: it ends as soon as it starts' };
  return { image: hexOf(sha256(name)), startsIn, maxReady, crashes: crashes ? crash : null };
}

interface Performance {
  readonly rehearsal: Rehearsal;
  readonly performer: Performer;
  readonly world: ClusterWorld;
  readonly sight: (view: { readonly at: number; readonly refused: string | null }) => Sight;
}

/** What is seen is seen also while a command takes its time. */
async function perform({ rehearsal, performer, world, sight }: Performance): Promise<readonly Sight[]> {
  const start = systemClock.monotonic();
  const now = (): number => systemClock.monotonic() - start;
  let refused: string | null = null;
  const act = async (): Promise<void> => {
    for (const { at, action } of rehearsal.events) {
      await systemClock.sleep(Math.max(0, at - now()));
      refused = (await performer.perform(action))?.code ?? refused;
      await world.settled();
    }
  };
  const watch = async (): Promise<readonly Sight[]> => {
    const sights: Sight[] = [];
    while (now() < rehearsal.until) {
      const next = sight({ at: now(), refused });
      if (!isLike(sights.at(-1), next)) sights.push(next);
      await systemClock.sleep(LOOK_EVERY);
    }
    return sights;
  };
  const [sights] = await Promise.all([watch(), act()]);
  return sights;
}

function isLike(one: Sight | undefined, other: Sight): boolean {
  return one !== undefined && JSON.stringify({ ...one, at: 0 }) === JSON.stringify({ ...other, at: 0 });
}

interface Scene {
  readonly engine: Pick<ClusterEngine, 'state' | 'lastOutcome'>;
  readonly cast: Cast;
  readonly seen: PlayedTraffic;
}

function sightOf(view: { readonly at: number; readonly refused: string | null }, { engine, cast, seen }: Scene): Sight {
  const state = engine.state();
  const rollout = activeRollout(state);
  const labelOf = (number: number | null): string | null => (number === null ? null : cast.labelOf(state, number));
  const named = (record: Readonly<Record<number, number>>): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(record).map(([number, value]) => [labelOf(Number(number)), value]));
  return {
    ...view,
    phase: phaseOf(state),
    reason: rollout?.reason ?? null,
    step: rollout?.step ?? null,
    stable: labelOf(state.stable),
    candidate: labelOf(rollout?.candidate ?? null),
    outcome: engine.lastOutcome(),
    queued: labelOf(state.queued?.release ?? null),
    traffic: named(seen.shares()),
    ready: named(seen.ready()),
  };
}
