/** Runs the releases of one environment: holds what is wanted, writes it down, and keeps a supervisor for each. */

import {
  type EnvironmentContext,
  latencyEdges,
  latencyObjectives,
  type ReleaseStatus,
  type RouteEffect,
  type ScaleEffect,
} from '../../../delivery/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { embeddedFault } from '../embedded-fault.ts';
import type { EnvironmentRoutes } from '../router/routing-table.ts';
import type { DesiredEnvironment, DesiredRelease } from './desired.ts';
import { createReleaseSupervisor, type ReleaseSupervisor, type ReplicaTrafficView } from './release-supervisor.ts';
import type { ReplicaProcess } from './replica-process.ts';

export interface EnvironmentSupervisor {
  readonly key: string;
  /** @throws Fault `embedded/unknown-release` when the context does not hold the release. */
  scale(context: EnvironmentContext, effect: ScaleEffect): void;
  /** Takes the split over in memory; `save` writes it down. */
  route(context: EnvironmentContext, effect: RouteEffect): void;
  save(): void;
  /** Takes over the split that the router has in force: it is never older than what is written down. */
  resume(routes: RouteInForce): void;
  adopt(replica: ReplicaProcess): void;
  reconcile(traffic: ReplicaTrafficView): void;
  /** What the router should know of it; `null` when nothing of it is left. */
  routes(): EnvironmentRoutes | null;
  /** Releases that are wanted or still end; the requests in flight are the router's to tell. */
  statuses(): Readonly<Record<number, Omit<ReleaseStatus, 'inFlight'>>>;
  replicas(): readonly ReplicaProcess[];
}

/** What a route effect says of the split, and the edges that went with it. */
export type RouteInForce = Omit<EnvironmentRoutes, 'replicas' | 'requestLimit'>;

export interface EnvironmentSupervisorOptions {
  readonly desired: DesiredEnvironment;
  readonly clock: Clock;
  readonly write: (desired: DesiredEnvironment) => void;
  /** Starts a replica; `null` while its module is being prepared. */
  readonly start: (what: ReplicaOrder) => ReplicaProcess | null;
}

export interface ReplicaOrder {
  readonly environment: DesiredEnvironment;
  readonly number: number;
  readonly release: DesiredRelease;
  readonly attempt: number;
}

export function createEnvironmentSupervisor(options: EnvironmentSupervisorOptions): EnvironmentSupervisor {
  const { clock, write, start } = options;
  const supervisors = new Map<number, ReleaseSupervisor>();
  let desired = options.desired;

  const change = (changes: Partial<DesiredEnvironment>): void => {
    desired = { ...desired, ...changes };
  };
  const changeRelease = (number: number, release: DesiredRelease | null): void => {
    const { [number]: _, ...others } = desired.releases;
    change({ releases: release === null ? others : { ...others, [number]: release } });
    write(desired);
  };
  const supervise = (number: number): ReleaseSupervisor => {
    const present = supervisors.get(number) ?? create(number);
    supervisors.set(number, present);
    return present;
  };
  const create = (number: number): ReleaseSupervisor =>
    createReleaseSupervisor({
      release: number,
      clock,
      limits: () => desired.limits,
      start(attempt) {
        const release = desired.releases[number];
        return release === undefined ? null : start({ environment: desired, number, release, attempt });
      },
      onRestart() {
        const release = desired.releases[number];
        if (release !== undefined) changeRelease(number, { ...release, restarts: release.restarts + 1 });
      },
    });

  for (const [name, { replicas }] of Object.entries(desired.releases)) supervise(Number(name)).want(replicas);

  return {
    key: desired.key,
    scale({ key, spec, releases }, { release: number, replicas }) {
      const release = releases[number];
      if (release === undefined) throw unknownRelease(key, number);
      const { image, config, secrets } = release.content;
      const restarts = desired.releases[number]?.restarts ?? 0;
      change({ limits: spec.limits });
      changeRelease(
        number,
        replicas === 0 ? null : { replicas, image, config, secrets, engine: spec.engine, restarts },
      );
      if (replicas > 0 || supervisors.has(number)) supervise(number).want(replicas);
    },
    route({ spec }, { kind: _kind, ...wanted }) {
      const objectives = latencyObjectives(spec.strategy, spec.gates);
      // A rollout is judged by the plan that it began with, so an edited one takes no edge away from it (trap T28).
      const kept = wanted.rollout !== null && wanted.rollout === desired.rollout ? desired.latencyEdges : [];
      change({ ...wanted, limits: spec.limits, latencyEdges: latencyEdges([...objectives, ...kept]) });
    },
    save: () => write(desired),
    resume: ({ shares, rollout, affinity, match, mirror, latencyEdges: edges }) =>
      change({ shares, rollout, affinity, match, mirror, latencyEdges: edges }),
    adopt: (replica) => supervise(replica.release).adopt(replica),
    reconcile(traffic) {
      for (const [number, supervisor] of supervisors) {
        supervisor.reconcile(traffic);
        if (desired.releases[number] === undefined && supervisor.all().length === 0) supervisors.delete(number);
      }
    },
    routes() {
      if (supervisors.size === 0 && Object.keys(desired.shares).length === 0) return null;
      const replicas = Object.fromEntries(
        [...supervisors].map(([number, supervisor]) => [
          number,
          supervisor.ready().flatMap((replica) => {
            const socket = replica.address();
            return socket === null ? [] : [{ id: replica.id, socket }];
          }),
        ]),
      );
      const { key: _key, limits, releases: _releases, ...route } = desired;
      return { ...route, requestLimit: limits.request, replicas };
    },
    statuses: () =>
      Object.fromEntries(
        [...supervisors].map(([number, supervisor]) => [
          number,
          supervisor.status(desired.releases[number]?.restarts ?? 0),
        ]),
      ),
    replicas: () => [...supervisors.values()].flatMap((supervisor) => supervisor.all()),
  };
}

function unknownRelease(key: string, number: number): Error {
  return embeddedFault({
    code: 'embedded/unknown-release',
    kind: 'refused',
    message: `${key} has no release #${number}.`,
    hint: 'Run "slipway history" to see the releases that there are.',
  });
}
