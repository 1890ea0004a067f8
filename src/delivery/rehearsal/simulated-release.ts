/** One release on the simulated platform: its replicas, when they get ready, and how they answer. */

import type { CounterRow, ReleaseStatus, RequestSource } from '../observation.ts';
import { bucketOf, latencyQuantiles } from './latency-quantiles.ts';
import type { SimulatedRelease } from './rehearsal.ts';
import { createReplicaTally, type Ending, type ReplicaTally } from './replica-tally.ts';
import { createUnits } from './simulated-units.ts';

/** A request that has come to a release. Its luck was drawn before anyone knew where it would go. */
export interface Arrival {
  /** From [0, 1): decides whether it goes well. */
  readonly luck: number;
  /** From [0, 1): how long it takes, as the share of all requests that are faster. */
  readonly pace: number;
  readonly source: RequestSource;
  /** Whom affinity holds; `null` for a request without a key, and where requests are dealt one by one. */
  readonly key: string | null;
  /** Whether the key was never seen before in this rollout. */
  readonly isNew: boolean;
}

export interface RunningRelease {
  /** Release number, and the name under which the rehearsal describes it. */
  readonly number: number;
  readonly name: string;
  /** From now on it does as is said here. */
  behave(behaviour: SimulatedRelease): void;
  /** Runs so many replicas, from `now` on; `settle` says who is ready. */
  scale(replicas: number, now: number): void;
  /** Makes ready whoever is due. Returns whether readiness changed. */
  settle(now: number): boolean;
  /** When the next replica gets ready by itself; `Infinity` when none does. */
  nextReady(): number;
  /** `null` when it runs nothing. */
  status(): ReleaseStatus | null;
  /** Counts one request at the next ready replica; without one it fails at the door. */
  serve(arrival: Arrival): Ending;
  /** The second is over: what its keys have seen is counted by unit. */
  endSecond(): void;
  /** All counters start again from zero in a new epoch. */
  resetCounters(): void;
  counters(): readonly CounterRow[];
}

/** What all releases of a rehearsal have in common. */
export interface World {
  /** Upper edges of the latency buckets. */
  readonly edges: readonly number[];
  readonly platforms: readonly string[];
  /** Longest time for one request, in milliseconds. */
  readonly limit: number;
  readonly sticky: boolean;
}

interface Replica {
  readonly startedAt: number;
  readonly platform: string | null;
  started: boolean;
  ready: boolean;
  crashed: boolean;
  readonly tally: ReplicaTally;
}

export interface RunningReleaseOptions {
  readonly number: number;
  readonly name: string;
  readonly behaviour: SimulatedRelease;
  readonly world: World;
}

export function createRunningRelease({ number, name, behaviour, world }: RunningReleaseOptions): RunningRelease {
  let does = behaviourIn(world, behaviour);
  let replicas: Replica[] = [];
  let ready: readonly Replica[] = [];
  let [turn, named, restarts] = [0, 0, 0];
  const units = createUnits();
  // One for every replica that was ever started, also after its end; `door` counts what no replica could take.
  const tallies: ReplicaTally[] = [];
  const tally = (replica: string, platform: string | null): ReplicaTally => {
    const created = createReplicaTally({ release: number, replica, platform, ...world });
    tallies.push(created);
    return created;
  };
  const start = (now: number): Replica => {
    const platform = world.platforms[named % world.platforms.length] ?? null;
    named += 1;
    const counts = tally(`${number}-${named}`, platform);
    return { startedAt: now, platform, started: false, ready: false, crashed: false, tally: counts };
  };
  let door: ReplicaTally | null = null;

  return {
    number,
    name,
    behave(next) {
      does = behaviourIn(world, next);
    },
    scale(count, now) {
      // Who is not ready goes first.
      if (count < replicas.length) replicas = [...replicas].sort((one, other) => +other.ready - +one.ready);
      replicas = replicas.slice(0, count);
      while (replicas.length < count) replicas.push(start(now));
    },
    settle(now) {
      const { startsIn, maxReady, crashes } = does.behaviour;
      let room = crashes ? 0 : (maxReady ?? Infinity);
      for (const replica of replicas) {
        const isDue = does.hindrance === null && startsIn !== 'never' && now >= replica.startedAt + startsIn;
        replica.started ||= isDue;
        if (crashes && !replica.crashed) restarts += 1;
        replica.crashed = crashes;
        replica.ready = replica.started && room > 0;
        if (replica.ready) room -= 1;
      }
      const before = ready;
      ready = replicas.filter((replica) => replica.ready);
      return ready.length !== before.length;
    },
    nextReady() {
      const { startsIn } = does.behaviour;
      if (startsIn === 'never' || does.hindrance !== null) return Infinity;
      const waiting = replicas.filter((replica) => !replica.started);
      return Math.min(...waiting.map((replica) => replica.startedAt + startsIn));
    },
    status() {
      if (replicas.length === 0) return null;
      const waits = replicas.some(({ started }) => !started);
      const failure = does.behaviour.crashes ? 'its replicas end as soon as they start' : waits ? does.hindrance : null;
      return { desired: replicas.length, ready: ready.length, restarts, failure, inFlight: 0 };
    },
    serve({ luck, pace, source, key, isNew }) {
      turn += 1;
      const replica = ready[turn % ready.length];
      const counts = replica?.tally ?? (door ??= tally(`${number}-door`, null));
      const ending = replica === undefined ? 'error' : does.endingOf(luck, replica.platform);
      const bucket = replica === undefined ? 0 : does.bucketFor(ending, pace);
      counts.count({ source, ending, bucket });
      if (world.sticky && source === 'split') units.add({ key, tally: counts, bad: ending !== 'good', bucket });
      if (isNew) counts.countNewKey();
      return ending;
    },
    endSecond: () => units.endSecond(),
    resetCounters() {
      units.endSecond();
      for (const one of tallies) one.reset();
    },
    counters: () => tallies.flatMap((one) => one.rows()),
  };
}

interface BehaviourInWorld {
  readonly behaviour: SimulatedRelease;
  /** Why no replica of it can be started now, or `null`. */
  readonly hindrance: string | null;
  endingOf(luck: number, platform: string | null): Ending;
  bucketFor(ending: Ending, pace: number): number;
}

function behaviourIn({ edges, limit }: World, behaviour: SimulatedRelease): BehaviourInWorld {
  const quantiles = latencyQuantiles(behaviour.latency, edges);
  const firstAtLimit = edges.findIndex((edge) => limit <= edge);
  const timedOut = firstAtLimit === -1 ? edges.length : firstAtLimit;
  return {
    behaviour,
    hindrance: hindranceOf(behaviour),
    endingOf(luck, platform) {
      const { traps, errors, timeouts } =
        platform === null ? behaviour : { ...behaviour, ...behaviour.platforms[platform] };
      if (luck < traps) return 'trap';
      if (luck < traps + errors) return 'error';
      return luck < traps + errors + timeouts ? 'timeout' : 'good';
    },
    bucketFor: (ending, pace) => (ending === 'timeout' ? timedOut : bucketOf(quantiles, pace)),
  };
}

/** Why a release could not be started now, or `null`: what pre-flight asks for. */
export function hindranceOf({ loadable, secrets }: SimulatedRelease): string | null {
  if (!loadable) return 'its module can not be loaded any more';
  return secrets === 'gone' ? 'the versions of its secrets are gone' : null;
}
